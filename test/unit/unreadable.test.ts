import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { unreadable } from '../../src/people/credential-problems.ts'
import type { Project } from '../../src/project/project.ts'

// Listed, and removed by another process before anybody looks at it.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  return { ...fs, readdirSync: (...args: Parameters<typeof fs.readdirSync>) => ['gone.pem', ...fs.readdirSync(...args)] }
})

test.runIf(process.platform === 'linux')('a credential that is removed meanwhile is no problem, and hides none', () => {
  const dir = mkdtempSync(join(tmpdir(), 'unreadable-'))
  try {
    writeFileSync(join(dir, 'closed.pem'), '', { mode: 0o600 })
    const project = { dir: join(dir, '..'), file: { services: { proxy: { user: '4000000:4000000' } } } } as unknown as Project
    const found = unreadable(project, dir.split('/').at(-1) ?? '', 'so nobody gets in')
    expect(found.map(({ message }) => /may not read \S+\/([^/,]+),/.exec(message)?.[1])).toContain('closed.pem')
    expect(found.map(({ message }) => message).join('\n')).not.toContain('gone.pem')
  } finally {
    rmSync(dir, { recursive: true })
  }
})
