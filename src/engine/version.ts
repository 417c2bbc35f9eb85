// Which engines are too old.

/** The Engine API that the code is written for: Engine 20.10. */
export const OLDEST_API = '1.41'
/** Before it, a published port could be reached around the address it was published on. */
const SAFE_ENGINE = 28

/** Whether an API version, such as `1.41`, is before another. */
export function older(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [wantedMajor = 0, wantedMinor = 0] = than.split('.').map(Number)
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor)
}

/** Debian and others append to the version; Podman counts its own versions and isn't meant. */
export function warningFor(version: string): string | null {
  const major = Number.parseInt(version, 10)
  if (!(major >= 17 && major < SAFE_ENGINE)) return null
  return `Docker Engine ${version} is older than ${SAFE_ENGINE}: on Linux, a neighbour on the same network may reach a port that is published on 127.0.0.1 only. Update it: https://docs.docker.com/engine/install/`
}
