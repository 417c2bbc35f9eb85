// Where our own files lie. The published bundle carries `stacks/` beside its chunks;
// in a checkout the sources lie one level below it.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const bundled = existsSync(join(here, 'stacks'))

/** The folder with `basic/files`, `nginx` and the others. */
export const stacksDir = bundled ? join(here, 'stacks') : join(here, '..', 'stacks')

/** The bundle that a project gets a copy of. In a checkout: what `npm run build` made. */
export const bundleDir = bundled ? here : join(here, '..', 'dist')
