import type { Row } from '../cli/page.ts'

/** For whatever talks to the engine. */
export const ENGINE: readonly Row[] = [
  ['DOCKER_HOST', 'the engine, such as ssh://ann@gpu-box; default: as the docker command finds it'],
  ['DOCKER_CONTEXT', "one of the docker command's contexts"],
]
