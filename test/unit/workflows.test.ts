// What runs on GitHub: pinned, with as few rights as it needs, and calling only what is there.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../..')
const folder = join(root, '.github/workflows')
const about = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string>; engines: { node: string } }

interface Step { uses?: string; run?: string; with?: Record<string, unknown> }
interface Job { uses?: string; needs?: string; permissions?: Record<string, string>; environment?: string; steps?: Step[]; 'timeout-minutes'?: number; strategy?: { matrix: { os: string[]; node: string[] } } }
interface Workflow { on: Record<string, unknown>; permissions: Record<string, string>; concurrency: { 'cancel-in-progress': boolean }; jobs: Record<string, Job> }

const read = (name: string): Workflow => parse(readFileSync(join(folder, name), 'utf8'), { strict: true, uniqueKeys: true }) as Workflow
const names = readdirSync(folder)
const stepsOf = ({ jobs }: Workflow): Step[] => Object.values(jobs).flatMap(({ steps = [] }) => steps)

test('these two, and no more', () => expect(names.sort()).toEqual(['ci.yml', 'publish.yml']))

describe.each(names)('%s', (name) => {
  const workflow = read(name)
  const text = readFileSync(join(folder, name), 'utf8')

  test('each action is pinned to a commit, with its version beside it', () => {
    const used = [...text.matchAll(/uses: (\S+)(.*)/g)].filter(([, action = '']) => !action.startsWith('./'))
    expect(used.length).toBeGreaterThan(0)
    for (const [line] of used) expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    // One version of each everywhere.
    expect(new Set(used.map(([line]) => line)).size).toBe(new Set(used.map(([, action = '']) => action.split('@')[0])).size)
    for (const [, path = ''] of text.matchAll(/uses: \.\/(\S+)/g)) expect(existsSync(join(root, path))).toBe(true)
  })

  test('it may read the repository, and knows no secret', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
    expect(text).not.toMatch(/secrets\.|NODE_AUTH_TOKEN|NPM_TOKEN|pull_request_target/)
    for (const step of stepsOf(workflow).filter(({ uses }) => uses?.startsWith('actions/checkout'))) expect(step.with).toMatchObject({ 'persist-credentials': false })
  })

  test('no text from outside is put into a script', () => {
    for (const { run = '' } of stepsOf(workflow)) expect(run).not.toContain('${{')
  })

  test('every job ends by itself', () => {
    for (const [id, job] of Object.entries(workflow.jobs)) if (job.uses === undefined) expect([id, (job['timeout-minutes'] ?? 999) <= 45]).toEqual([id, true])
  })

  test('it runs scripts of package.json, and files that are there', () => {
    const lines = stepsOf(workflow).flatMap(({ run = '' }) => run.split('\n'))
    const scripts = lines.flatMap((line) => [...line.matchAll(/\bnpm (?:run (?:-s )?)?([\w:-]+)/g)].map(([all, script = '']) => (all.includes(' run ') || script === 'test' ? script : ''))).filter(Boolean)
    expect(scripts.filter((script) => !(script in about.scripts))).toEqual([])
    expect(name === 'ci.yml' ? scripts.includes('test') : lines.some((line) => line.startsWith('npm publish'))).toBe(true)
  })
})

test('CI: three systems, from the oldest Node.js that package.json allows', () => {
  const { jobs } = read('ci.yml')
  const { os = [], node = [] } = jobs['platforms']?.strategy?.matrix ?? {}
  expect(os.map((one) => one.split('-')[0])).toEqual(['ubuntu', 'macos', 'windows'])
  expect(about.engines.node.startsWith(`^${node[0]}`)).toBe(true)
  expect(node.slice(1)).toEqual(['22', '24'])
})

test('publishing: on a release, after every test, with a proof of origin in place of a token', () => {
  const { on, jobs, concurrency } = read('publish.yml')
  expect(on).toEqual({ release: { types: ['published'] } })
  expect(concurrency['cancel-in-progress']).toBe(false)
  expect([jobs['test']?.uses, jobs['npm']?.needs, jobs['npm']?.environment]).toEqual(['./.github/workflows/ci.yml', 'test', 'npm'])
  expect(read('ci.yml').on).toHaveProperty('workflow_call')
  expect(jobs['npm']?.permissions).toEqual({ contents: 'read', 'id-token': 'write' })
  const runs = jobs['npm']?.steps?.map(({ run = '' }) => run) ?? []
  const publish = runs.findIndex((run) => run.startsWith('npm publish --provenance'))
  const compared = runs.findIndex((run) => run.includes('"v$version"'))
  expect([compared >= 0, publish > compared, runs.slice(publish + 1)]).toEqual([true, true, []])
})

test('dependabot looks after both', () => {
  const { updates } = parse(readFileSync(join(root, '.github/dependabot.yml'), 'utf8')) as { updates: { 'package-ecosystem': string }[] }
  expect(updates.map((one) => one['package-ecosystem']).sort()).toEqual(['github-actions', 'npm'])
})
