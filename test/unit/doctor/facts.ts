// Facts of a machine on which all is well, for tests that change one of them; and projects to look at.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { stacks } from '../../../stacks/index.ts'
import type { StackConfig } from '../../../stacks/stack.ts'
import { applyChange } from '../../../src/project/disk.ts'
import { CHECKS } from '../../../src/doctor/list.ts'
import type { Finding } from '../../../src/doctor/check.ts'
import type { Facts } from '../../../src/doctor/facts.ts'
import { examine } from '../../../src/doctor.ts'
import type { Engine } from '../../../src/engine.ts'
import type { ExaminedContainer } from '../../../src/engine/examine.ts'
import { machineOf, type EngineMachine } from '../../../src/engine/machine.ts'
import { StackError } from '../../../src/errors.ts'
import { loadProject, type Project } from '../../../src/project/project.ts'
import { render } from '../../../src/project/render.ts'
import { config } from '../config-of.ts'
import debian from './recorded/debian-20.10.json' with { type: 'json' }

export const NOW = new Date('2026-11-21T14:00:00Z')
export const LAN = '192.168.1.5'

/** An engine on this machine; what a test doesn't give must not be asked for. */
export const engine = (more: Partial<Engine> = {}): Engine => ({
  address: 'unix:///var/run/docker.sock', source: 'Docker', version: '28.3.0', apiVersion: '1.51', local: true, warning: null, portOwner: () => Promise.resolve(null), ...more,
} as unknown as Engine)

export const machine = (info: Parameters<typeof machineOf>[0] = debian): EngineMachine => machineOf(info, NOW.getTime())

export const container = (service: string, more: Partial<ExaminedContainer> = {}): ExaminedContainer => ({
  id: service, name: `home-${service}-1`, service, dir: '', state: 'running', health: 'healthy', startedAt: new Date(Date.now() + 60_000), restarts: 0, exitCode: 0, outOfMemory: false, image: `${service}:1`, imageId: 'sha256:1', imageCreated: NOW, ...more,
})

export function facts(more: Partial<Facts> = {}): Facts {
  return {
    now: NOW, env: {}, platform: 'linux', home: '/nonexistent', hostname: 'nas',
    machine: { names: ['nas'], addresses: [{ ip: LAN, network: 'eth0', kind: 'lan' }] },
    text: () => null, names: () => [], free: () => Promise.resolve(500e9), run: () => Promise.resolve(null), resolve: () => Promise.resolve([]), ollamaAt: () => Promise.resolve(false),
    engine: null, engineError: null, engineMachine: () => Promise.resolve(more.engine ? machine() : null), project: null, projectError: null,
    containers: () => Promise.resolve([]), inside: () => Promise.resolve(null), answer: () => Promise.resolve({ reply: null, error: new StackError('E_NO_ANSWER', 'not asked') }),
    get: () => Promise.resolve(null), peer: () => Promise.resolve(null), signal: new AbortController().signal, ...more,
  }
}

/** What one check of the list says; undefined when it says nothing. */
export async function finding(id: string, given: Partial<Facts>): Promise<Finding | undefined> {
  const group = CHECKS.flatMap(({ checks }) => checks).filter((check) => check.id === id)
  if (group.length !== 1) throw new Error(`there is not one check ${id}, but ${group.length}`)
  const [found] = await examine(facts(given), [{ group: '', checks: group }])
  return found?.findings[0]
}

const made: string[] = []
afterAll(() => { for (const dir of made) rmSync(dir, { recursive: true, force: true }) })

/** On disk, as `create` would write it. */
export async function project(more: Partial<StackConfig> = {}, auth = 'bearer'): Promise<Project> {
  const stack = stacks[auth]
  if (!stack) throw new Error(`no stack ${auth}`)
  const dir = mkdtempSync(join(tmpdir(), 'ollama-stack-doctor-'))
  made.push(dir)
  const { files } = await render(stack, config(stack, more), [{ name: 'ann', role: 'admin' }], { now: new Date() })
  applyChange(dir, files)
  return loadProject(dir)
}
