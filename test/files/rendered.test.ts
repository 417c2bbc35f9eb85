// Whole projects as reviewed files: what a change does to users' directories shows in the diff.
// Each is then read by the programs that will read it.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Stack, StackConfig, Tls } from '../../stacks/stack.ts'
import { desired, parseCompose } from '../../src/compose.ts'
import { applyChange, handOver } from '../../src/project/disk.ts'
import { render } from '../../src/project/render.ts'
import { docker, run } from '../engine/project.ts'

const now = new Date('2026-11-21T12:00:00Z')

interface Case {
  stack: Stack
  tls: Tls
  hostNetwork: boolean
  label: string
  /** Where Ollama is, or which GPU it has. */
  backend?: Pick<StackConfig, 'elsewhere' | 'gpu'>
}

const config = ({ stack, tls, hostNetwork, backend = {} }: Omit<Case, 'label'>): StackConfig => ({
  name: 'home',
  auth: stack.id,
  bind: tls === 'off' ? '127.0.0.1' : '192.168.1.20',
  port: { off: 8880, private: 8443, files: 8443, acme: 443 }[tls],
  tls,
  hosts: { off: ['127.0.0.1', 'localhost'], private: ['ollama.home.arpa', '192.168.1.20', 'fd00::20', 'localhost'], files: ['ollama.example.com', 'localhost'], acme: ['203.0.113.7', 'ollama.example.com', 'localhost'] }[tls],
  acme: tls === 'acme' ? { names: ['203.0.113.7', 'ollama.example.com'], email: 'ann@example.com', directory: null, root: null } : null,
  hostNetwork,
  model: 'gemma3:1b',
  subnet: '10.213.7',
  user: '65532:65532',
  ...backend,
})

const BACKENDS: Record<string, NonNullable<Case['backend']>> = {
  socket: { elsewhere: { host: 'host', port: 11434, way: 'socket' } },
  gateway: { elsewhere: { host: 'host', port: 11434, way: 'gateway' } },
  network: { elsewhere: { host: 'gpu-box.lan', port: 11434, way: 'network' } },
  nvidia: { gpu: { maker: 'nvidia', by: 'runtime' } },
  cdi: { gpu: { maker: 'nvidia', by: 'cdi' } },
  amd: { gpu: { maker: 'amd', groups: [44, 992] } },
}

const cases: Case[] = Object.values(stacks).flatMap((stack): Case[] => [
  ...(['off', 'private', 'acme'] as const).filter((tls) => tls !== 'off' || !stack.needsTls).map((tls) => ({ stack, tls, hostNetwork: false, label: `${stack.id}-${tls}` })),
  { stack, tls: 'private', hostNetwork: true, label: `${stack.id}-host` },
  // Of one stack: the forwarder and the GPU are the same for all.
  ...(stack.id === 'bearer' ? Object.entries(BACKENDS) : []).map(([word, backend]): Case => ({ stack, tls: 'private', hostNetwork: false, backend, label: `bearer-${word}` })),
])

const directories: string[] = []
afterAll(() => directories.forEach((dir) => rmSync(dir, { recursive: true, force: true })))

async function written(one: Case): Promise<string> {
  const { files } = await render(one.stack, config(one), [{ name: 'ann', role: 'admin' }], { now })
  const dir = mkdtempSync(join(tmpdir(), 'ollama-stack-files-'))
  directories.push(dir)
  applyChange(dir, files)
  mkdirSync(join(dir, 'empty'))
  if (process.getuid?.() === 0) handOver(dir, ['credentials', 'certs/server', 'certs/acme'], 65532, 65532)
  return dir
}

describe.each(cases)('$label', (one) => {
  const { stack, hostNetwork, backend, label } = one
  // What --host-network changes is the same for all; of one it is enough. Ways that differ in a line or two are in unit/backend.test.ts.
  if ((!hostNetwork || stack.id === 'basic') && !/-(?:gateway|cdi)$/.test(label)) test('is what was reviewed', async () => {
    const { files } = await render(stack, config(one), [{ name: 'ann', role: 'admin' }, { name: 'bob', role: 'user' }], { now })
    const secret = /^(credentials|certs)\//
    // Of an addition only what it changes.
    const usual = hostNetwork || backend ? (await render(stack, config({ stack, tls: one.tls, hostNetwork: false }), [], { now })).files : new Map<string, { content: unknown }>()
    const list = [...files].map(([path, { mode }]) => `${mode.toString(8).padStart(4, '0')} ${path.replace(/[0-9a-f]{64}/, 'FINGERPRINT')}`).sort()
    await expect(`${list.join('\n')}\n`).toMatchFileSnapshot(`snapshots/${label}/FILES`)
    for (const [path, { content }] of files) {
      // The README's few words are in unit/backend.test.ts.
      if (!secret.test(path) && content !== usual.get(path)?.content && !(backend && path === 'README.md')) await expect(String(content)).toMatchFileSnapshot(`snapshots/${label}/${path.replace(/^\.gitignore$/, 'gitignore')}`)
    }
  })

  if (!backend) test('nothing of the people is in compose.yaml, where a $ of a hash would be read as a variable', async () => {
    const { files, credentials } = await render(stack, config(one), [{ name: 'zed', role: 'admin' }], { now })
    const compose = String(files.get('compose.yaml')?.content)
    expect(compose).not.toMatch(/zed|\$[0-9a-z]+\$|[0-9a-f]{64}/)
    for (const { secret } of credentials) if (secret !== null) expect(compose).not.toContain(secret)
    // A directory that is missing must stay missing: Docker would make an empty one.
    for (const [line] of compose.matchAll(/type: bind[\s\S]*?(?=- type|\n {4}\w)/g)) expect(line).toContain('create_host_path: false')
  })

  if (!backend) test('the same values give the same files', async () => {
    const once = await render(stack, config(one), [], { now })
    const twice = await render(stack, config(one), [], { now })
    const stable = (files: typeof once.files): string[] => [...files].filter(([path]) => !path.startsWith('certs/')).map(([path, { content }]) => `${path}\n${String(content)}`)
    expect(stable(twice.files)).toEqual(stable(once.files))
  })

  test('docker compose reads it, to the values that we read', async () => {
    const dir = await written(one)
    const { code, stdout, stderr } = await run('docker', ['compose', '--project-directory', dir, '-f', join(dir, 'compose.yaml'), 'config', '--hash', '*'])
    expect(code, stderr).toBe(0)
    const { files } = await render(stack, config(one), [], { now })
    const ours = desired(parseCompose(String(files.get('compose.yaml')?.content), join(dir, 'compose.yaml')), dir)
    expect(stdout.trim().split('\n').sort()).toEqual(ours.services.map(({ service, hash }) => `${service} ${hash}`).sort())
  })

  // A GPU is no business of theirs.
  if (!backend?.gpu) test('the checkers of the programs that will read it accept it', async () => {
    const dir = await written(one)
    const text = String((await render(stack, config(one), [], { now })).files.get('compose.yaml')?.content)
    const { ollama, ...services } = parseCompose(text, join(dir, 'compose.yaml')).services
    if (backend?.elsewhere && ollama) services['ollama'] = ollama
    for (const { image, entrypoint, command, environment = {}, volumes = [], extra_hosts = [] } of Object.values(services)) {
      const [program = '', script] = entrypoint ?? []
      const folder = volumes[0]?.target ?? ''
      const check = script === '/forward/start.sh' ? ['sh', '-c', `sed 's/^exec nginx /&-t /' ${script} | sh`] : program === 'sh' ? [...(entrypoint ?? []), (command?.[0] ?? '').replace('exec nginx', 'exec nginx -t')] : program === 'caddy'
        ? ['caddy', 'validate', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile']
        : [program, '-t', '-p', '/tmp', '-c', `${folder}/nginx.conf`, '-e', 'stderr']
      const { code, stderr } = await docker(
        'run', '--rm', '--read-only', '--tmpfs', '/tmp', '--user', '65532:65532', '--cap-drop', 'ALL', '--cap-add', 'NET_BIND_SERVICE', '--network', 'none', '--sysctl', 'net.ipv4.ip_nonlocal_bind=1',
        ...Object.entries(environment).flatMap(([key, value]) => ['-e', `${key}=${value}`]), ...extra_hosts.flatMap((host) => ['--add-host', host.replace('=', ':')]), '--entrypoint', check[0] ?? '',
        ...volumes.flatMap(({ type, source = '', target, read_only }) => type === 'volume' ? ['--tmpfs', `${target}:mode=1777`] : ['-v', `${join(dir, source)}:${target}${read_only ? ':ro' : ''}`]),
        image, ...check.slice(1))
      expect(code, stderr).toBe(0)
      // That nothing on port 80 is encrypted is what port 80 is for.
      expect(stderr.replace(/^.*server is listening only on the HTTP port.*$/m, '')).not.toMatch(/\bwarn/i)
    }
  })
})
