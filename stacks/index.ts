// The registry. A new stack is one folder and one line here.

import { basic } from './basic/stack.ts'
import { bearer } from './bearer/stack.ts'
import { mtls } from './mtls/stack.ts'
import type { Stack } from './stack.ts'

export const stacks: Record<string, Stack> = { basic, bearer, mtls }
