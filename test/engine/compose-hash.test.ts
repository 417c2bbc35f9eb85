// `docker compose config --hash '*'` is the oracle: each case is a service, in one file.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { desired, parseCompose } from '../../src/compose.ts'

const dir = mkdtempSync(join(tmpdir(), 'lab-eng-hash-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function composeHashes(file: string): Record<string, string> {
  const out = execFileSync('docker', ['compose', '-f', file, 'config', '--hash', '*'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  return Object.fromEntries(out.trim().split('\n').map((line) => line.split(' ') as [string, string]))
}

function ourHashes(file: string, base: string): Record<string, string> {
  const { services } = desired(parseCompose(readFileSync(file, 'utf8'), file), base)
  return Object.fromEntries(services.map((service) => [service.service, service.hash]))
}

function write(name: string, content: string): string {
  const base = join(dir, name)
  mkdirSync(base, { recursive: true })
  writeFileSync(join(base, 'compose.yaml'), content)
  return join(base, 'compose.yaml')
}

describe.each(['basic', 'bearer', 'mtls'])('the %s stack', (id) => {
  const shipped = readFileSync(new URL(`../../stacks/${id}/files/compose.yaml`, import.meta.url), 'utf8')
  const edits: Record<string, (text: string) => string> = {
    'as shipped': (text) => text,
    'another name, address and port': (text) => text.replace('name: ollama-stack', 'name: lab-eng-x').replaceAll('10.213.7.', '10.9.8.').replace('127.0.0.1\n', '"::1"\n').replace(/published: .*/, 'published: "443"'),
    'another user, no certificates': (text) => text.replaceAll('"1000:1000"', '"65532:65532"').replace(/ {6}- type: bind\n {8}source: .\/certs[^-]*?create_host_path: false \}\n/, ''),
    'more facts of the tool': (text) => `${text}\n  digest: {"nginx:1.30": "sha256:0"}\n`,
    'an NVIDIA GPU': (text) => text.replace('    init: true\n', '    init: true\n    deploy:\n      resources:\n        reservations:\n          devices:\n            - {driver: nvidia, count: all, capabilities: [gpu]}\n'),
    'an AMD GPU': (text) => text.replace('    init: true\n', '    init: true\n    devices: [/dev/kfd, "/dev/dri:/dev/dri"]\n    group_add: ["44", render]\n'),
  }
  test.each(Object.keys(edits))('%s', (name) => {
    const file = write(`${id}-${name.replaceAll(/\W/g, '-')}`, (edits[name] as (text: string) => string)(shipped))
    expect(ourHashes(file, join(file, '..'))).toEqual(composeHashes(file))
  })
})

/** Service fragments that people may write by hand. */
const CASES: Record<string, string> = {
  'command-null': 'command:',
  'command-empty': 'command: []\nentrypoint: []',
  'command-chars': 'command: ["sh", "-c", "a < b > c & d \\u2028 é \\t \\x08 \\f \\" \\\\ 𝄞"]',
  'env-map': 'environment: {B: b, A: 1, C: true, D: 1.5, E: "", F: "2026-01-01", G: "1_000", "10": ten, "9": nine, a: lower}',
  'env-list': 'environment: ["B=b=c", "A=", "C=with space"]',
  'env-dollar': 'environment: {PASS: "$$2y$$10$$abc", Q: a$$b}',
  'labels-map': 'labels: {a.b: c, n: 1, t: true, e: }',
  'labels-list': 'labels: [a.b=c, bare, "x=y=z"]',
  'ports-short': 'ports: ["127.0.0.1:8880:8080", "8080:80", "9000", "53:53/udp", "[::1]:7000:70", "0.0.0.0:1:2"]',
  'ports-number': 'ports: [8080]',
  'ports-long': 'ports:\n  - {target: 80}\n  - {target: 81, published: 8081}\n  - {target: "82", published: "8082", protocol: udp, mode: host, name: web, app_protocol: http}',
  'volumes-short': 'volumes: ["./a:/a:ro", "models:/m", "/abs:/b", "../up:/c:rw", "/anon", "models2:/n:nocopy", "./z:/z:z", "./p:/p:ro,rslave"]',
  'volumes-long': 'volumes:\n  - {type: bind, source: ./a, target: /a}\n  - {type: bind, source: /x/../y, target: /b/, bind: {create_host_path: true, selinux: Z}}\n  - {type: volume, source: models, target: /m//n, volume: {nocopy: true}}\n  - {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 511}}\n  - {type: volume, target: /anon}\n  - {type: bind, source: ., target: /dot, bind: {propagation: rshared}}',
  'healthcheck-text': 'healthcheck: {test: "curl -f http://x && true", interval: 1m30s, timeout: 500ms, retries: 0}',
  'healthcheck-off': 'healthcheck: {disable: true}',
  'healthcheck-none': 'healthcheck: {test: [NONE]}',
  'healthcheck-durations': 'healthcheck: {test: [CMD, x], interval: 1h, timeout: 90s, start_period: 1.5s, start_interval: 250us}',
  'healthcheck-days': 'healthcheck: {test: [CMD, x], interval: 1d, timeout: 1w2d3h, start_period: 0s}',
  sizes: 'mem_limit: 1.5g\nmem_reservation: 64mb\nmemswap_limit: 2GiB\nshm_size: 100k',
  'sizes-number': 'mem_limit: 536870912\nmemswap_limit: -1\nshm_size: 64b',
  cpus: 'cpus: 1.5\ncpuset: "0-3"',
  'cpus-text': 'cpus: "0.3"',
  'cpus-third': 'cpus: 0.333333',
  'cpus-whole': 'cpus: 2',
  ulimits: 'ulimits: {nofile: 65535, nproc: {soft: 1, hard: 2}, memlock: {soft: -1, hard: -1}}',
  dns: 'dns: 1.1.1.1',
  'dns-list': 'dns: [1.1.1.1, "2606:4700::1111"]',
  hostname: 'hostname: box\nworking_dir: /w\nstop_grace_period: 1m\nstop_signal: SIGTERM\nuser: "1000"',
  devices: 'devices: ["/dev/kfd", "/dev/dri:/dev/dri:rw", "/dev/a:/dev/b"]',
  'devices-long': 'devices: [{source: /dev/a, target: /dev/b, permissions: r}]',
  group_add: 'group_add: [video, "44", 109]',
  'gpus-all': 'gpus: all',
  'gpus-list': 'gpus: [{driver: nvidia, count: 2}, {device_ids: ["0", "GPU-1"], capabilities: [compute], options: {a: b}}, {driver: amd}]',
  'deploy-ids': 'deploy: {resources: {reservations: {devices: [{driver: nvidia, device_ids: ["0"], capabilities: [gpu]}]}}}',
  'deploy-count': 'deploy: {resources: {reservations: {devices: [{capabilities: [gpu, utility], count: 1}, {capabilities: [gpu]}, {capabilities: [gpu], count: "all"}]}}}',
  'deploy-empty': 'deploy: {resources: {}}',
  hosts: 'extra_hosts: ["b=1.1.1.1", "a:2.2.2.2", "c=[::1]", "host.docker.internal:host-gateway"]',
  'hosts-map': 'extra_hosts: {b: 1.1.1.1, a: "::1", c: [1.1.1.1, 2.2.2.2]}',
  'networks-list': 'networks: [edge, backend]',
  'networks-null': 'networks: {edge: , backend: {aliases: [x, y], ipv4_address: 10.1.2.3, priority: 5}}',
  'networks-default': 'networks: [default, edge]',
  'network-mode': 'network_mode: host',
  logging: 'logging: {driver: local, options: {max-size: 10m, max-file: 3}}',
  'logging-driver': 'logging: {driver: none}',
  restart: 'restart: on-failure:3',
  'restart-no': 'restart: no',
  'restart-quoted': 'restart: "no"',
  flags: 'init: false\nread_only: false\nipc: host\nruntime: nvidia',
  'flags-quoted': 'init: "true"\nread_only: "true"',
  security: 'security_opt: [no-new-privileges, "label=disable", "apparmor:unconfined", seccomp=unconfined]\ncap_add: [NET_BIND_SERVICE]\ncap_drop: [ALL]',
  sysctls: 'sysctls: {net.core.somaxconn: 1024}',
  'sysctls-list': 'sysctls: [net.core.somaxconn=1024]',
  tmpfs: 'tmpfs: /run',
  'tmpfs-list': 'tmpfs: [/run, "/tmp:size=64m,mode=1777"]',
  expose: 'expose: ["3000", 8000, 9000/udp]',
  pids: 'pids_limit: -1',
  'pids-quoted': 'pids_limit: "100"',
  extension: 'x-note: {anything: [1, 2]}\nhealthcheck: {test: [NONE], x-why: none}',
  'depends-list': 'depends_on: [pids]',
  'depends-map': 'depends_on: {pids: {condition: service_healthy, restart: true}, tmpfs: {condition: service_started, required: false}}',
  anchor: '<<: *shared\nenvironment: {<<: *env, OWN: 1}',
  alias: 'environment: *env\nlogging: *log',
  multiline: 'command:\n  - sh\n  - -c\n  - |\n    echo one\n    echo two\n  - >-\n    folded\n    text',
}

test('each supported key, in each form', () => {
  const body = Object.entries(CASES).map(([name, fragment]) => `  ${name}:\n    image: nginx:1.30\n${fragment.replaceAll(/^/gm, '    ')}\n`).join('')
  const head = 'name: lab-eng-hash\nx-shared: &shared\n  init: true\n  labels: {from: anchor}\nx-env: &env {SHARED: yes, OWN: "0"}\nx-log: &log {driver: json-file, options: {max-size: 1m}}\n'
  const tail = 'networks: {edge: , backend: {internal: true}}\nvolumes: {models: , models2: {}}\n'
  const file = write('cases', `${head}services:\n${body}${tail}`)
  expect(ourHashes(file, join(file, '..'))).toEqual(composeHashes(file))
})
