// The registry: id -> stack, in the order that they are offered in.

import * as list from './list.ts'
import type { Stack } from './stack.ts'

export const stacks: Record<string, Stack> = { ...list }
