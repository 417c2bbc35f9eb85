// The compose files that ship, on the engine: ours and Docker Compose's containers are the same ones.
// The proxies get configurations of three lines; what the real ones do is tested elsewhere.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { desired, parseCompose, plan, printPlan, type Desired } from '../../src/compose.ts'
import { connect, type Engine } from '../../src/engine.ts'

const root = mkdtempSync(join(tmpdir(), 'lab-eng-'))
let engine: Engine
beforeAll(async () => {
  engine = await connect()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const nginx = `pid /tmp/nginx.pid;
events {}
http { access_log off; client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c; uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
  server { listen 8080; listen 127.0.0.1:8079; location / { return 200 ok; } } }
`
const PROXY: Record<string, [file: string, content: string]> = {
  basic: ['nginx.conf', nginx],
  bearer: ['nginx.conf', nginx],
  mtls: ['Caddyfile', '{\n\tadmin off\n\tpersist_config off\n\tauto_https off\n\tstorage file_system /tmp/caddy\n}\nhttp://:8443 {\n\trespond ok\n}\nhttp://:8079 {\n\tbind 127.0.0.1\n\trespond ok\n}\n'],
}

function render(id: string): Desired {
  const dir = join(root, id)
  for (const folder of ['proxy', 'credentials', 'certs/server']) mkdirSync(join(dir, folder), { recursive: true })
  const [file, content] = PROXY[id] as [string, string]
  writeFileSync(join(dir, 'proxy', file), content)
  const shipped = readFileSync(new URL(`../../stacks/${id}/files/compose.yaml`, import.meta.url), 'utf8')
  const text = shipped.replace('name: ollama-stack', `name: lab-eng-${id}`).replaceAll('10.213.7.', '10.214.9.').replace(/published: "\d+"/, 'published: "28895"')
  writeFileSync(join(dir, 'compose.yaml'), text)
  return desired(parseCompose(text, join(dir, 'compose.yaml')), dir)
}

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()
const ids = (want: Desired): string => docker('ps', '-a', '--no-trunc', '--filter', `label=com.docker.compose.project=${want.project}`, '--format', '{{.Names}} {{.ID}} {{.State}}').split('\n').toSorted().join('\n')
/** Compose builds its lists from maps, so their order changes from run to run. */
const unordered = (value: unknown): unknown => (Array.isArray(value) ? value.map((item) => JSON.stringify(item)).toSorted() : value)

const looks = (want: Desired): unknown => want.services.map(({ container }) => {
  const [all] = JSON.parse(docker('inspect', container)) as [{ Config: { Labels: Record<string, string>; Env: string[] }; HostConfig: object; Mounts: { Destination: string }[]; NetworkSettings: { Networks: Record<string, { IPAMConfig: object }> } }]
  const { 'com.docker.compose.version': _, ...Labels } = all.Config.Labels
  return {
    // Compose sends the environment in any order.
    config: { ...all.Config, Labels, Hostname: '', Env: all.Config.Env.toSorted() },
    host: Object.entries(all.HostConfig).filter(([, value]) => !['null', '[]', '{}'].includes(JSON.stringify(value))).map(([key, value]) => [key, unordered(value)]),
    mounts: all.Mounts.toSorted((a, b) => (a.Destination < b.Destination ? -1 : 1)),
    addresses: Object.entries(all.NetworkSettings.Networks).map(([name, network]) => [name, network.IPAMConfig]),
  }
})

describe.each(Object.keys(PROXY))('the %s stack', (id) => {
  afterEach(async () => {
    await engine.down(`lab-eng-${id}`, { volumes: true })
  })

  test('is the same whoever starts it', async () => {
    const want = render(id)
    const first = plan(want, await engine.observe(want.project, want.images))
    const said: string[] = []
    await engine.apply(first, want, { healthyWithin: 60_000, step: (step) => said.push(step.do), waiting: () => said.push('wait') })
    // What takes longest is said last, and once.
    expect(said.indexOf('wait')).toBe(said.length - 1)
    expect(printPlan(plan(want, await engine.observe(want.project, want.images)))).toEqual([])
    const [ours, running] = [looks(want), ids(want)]
    expect((await engine.observe(want.project)).containers.map((container) => container.health)).toEqual(['healthy', 'healthy'])
    docker('compose', '-f', want.file, '--progress', 'quiet', 'up', '-d')
    expect(ids(want)).toBe(running)
    docker('compose', '-f', want.file, '--progress', 'quiet', 'down', '-v')
    expect(ids(want)).toBe('')

    docker('compose', '-f', want.file, '--progress', 'quiet', 'up', '-d', '--wait')
    expect(looks(want)).toEqual(ours)
    expect(printPlan(plan(want, await engine.observe(want.project, want.images)))).toEqual([])
    expect((await engine.down(want.project, { volumes: true })).kept).toEqual([])
    expect(ids(want)).toBe('')
  })
})
