// Each file of plan/ is a case: what compose.yaml says, what is there, what is to be done.

import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { desired, parseCompose, plan, printPlan, type Desired, type Observed } from '../../src/compose.ts'
import { StackError } from '../../src/errors.ts'

const folder = new URL('plan/', import.meta.url)

/** `container NAME key=value...`, `network NAME ...`, `volume NAME ...`, `image REF = ID | absent`. */
function observed(text: string, want: Desired): Observed {
  const have: Observed = { project: want.project, containers: [], networks: [], volumes: [], images: {} }
  for (const line of text.split('\n').filter(Boolean)) {
    const [kind, name = '', ...rest] = line.split(' ')
    const all = (key: string): string[] => rest.filter((word) => word.startsWith(`${key}=`)).map((word) => word.slice(key.length + 1))
    const one = (key: string, otherwise: string): string => all(key)[0] ?? otherwise
    if (kind === 'image') have.images[name] = rest[0] === '=' ? (rest[1] ?? '') : null
    if (kind === 'volume') have.volumes.push({ name, project: one('project', want.project), key: '' })
    if (kind === 'network') {
      have.networks.push({
        id: `id-${name}`, name, project: one('project', want.project), key: '', driver: one('driver', 'bridge'), internal: rest.includes('internal'),
        options: Object.fromEntries(all('option').map((option) => [option.split('=')[0], option.split('=').slice(1).join('=')])), subnets: all('subnet'),
      })
    }
    if (kind === 'container') {
      const service = one('service', '')
      have.containers.push({
        id: `id-${name}`, name, service, hash: one('hash', want.services.find((other) => other.service === service)?.hash ?? ''), dir: one('dir', want.dir), image: '', imageId: one('image', ''),
        state: one('state', 'running'), health: 'none', since: null, restarts: 0, outOfMemory: false, ports: [], addresses: [], networks: all('network').map((network) => `id-${network}`), volumes: all('volume'), dependsOn: [],
      })
    }
  }
  return have
}

test.each(readdirSync(folder).map((file) => file.replace('.txt', '')))('%s', (name) => {
  const [, compose = '', have = '', expected = ''] = readFileSync(new URL(`${name}.txt`, folder), 'utf8').split(/^--- \w+\n/m)
  const want = desired(parseCompose(compose, '/lab/compose.yaml'), '/lab')
  let lines: string[]
  try {
    lines = printPlan(plan(want, observed(have, want)))
  } catch (error) {
    lines = [`error ${(error as StackError).code}`]
  }
  expect(lines.join('\n')).toBe(expected.trim())
})
