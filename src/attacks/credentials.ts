// The stack's own credential in every dress, and nobody else's.

import type { MadeCredential, Stack } from '../../stacks/stack.ts'
import type { Case } from './case.ts'

export function credentials(stack: Stack, valid: MadeCredential): Case[] {
  return stack.spellings(valid).map(({ id, lines, method = 'GET', target = '/api/tags', body, expect, front, library, challenge }): Case => ({
    id: `credential: ${id}`, who: 'stranger', method, target, lines, expect, upstream: expect.includes(200) ? 'once' : 'never',
    ...(body === undefined ? {} : { body }), ...(library ? { library } : {}), ...(front ? { front } : {}), ...(challenge ? { challenge } : {}),
  }))
}
