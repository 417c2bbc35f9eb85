// Measurements take the login out of a configuration by what they find in it: a file that changed is noticed here,
// and not minutes into `npm run bench -- auth`.

import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import { WITHOUT } from '../bench/variants.ts'
import { config } from './config-of.ts'

const root = join(import.meta.dirname, '../..')
const LOGIN = /access_by_lua_block|auth_request \/\/check|client_auth|error @stranger/

test.each(Object.entries(stacks))('%s without its login', (id, stack) => {
  const dir = mkdtempSync(join(tmpdir(), 'ollama-stack-bench-'))
  try {
    const files = Object.entries(stack.files(config(stack))).filter(([path]) => path.startsWith('proxy/') && !path.slice('proxy/'.length).includes('/'))
    for (const [path, source] of files) cpSync(join(root, 'stacks', source), join(dir, basename(path)))
    const text = (): string => files.map(([path]) => readFileSync(join(dir, basename(path)), 'utf8')).join('\n')
    expect(text()).toMatch(LOGIN)
    WITHOUT[id]?.(dir)
    expect(text()).not.toMatch(LOGIN)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
