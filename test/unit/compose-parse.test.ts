// What a person sees who edits compose.yaml by hand: the line, the key, and what to do.

import { describe, expect, test } from 'vitest'
import { desired, parseCompose } from '../../src/compose.ts'
import { formatDuration, float32, parseBytes, parseDuration } from '../../src/compose/units.ts'

const parse = (text: string): ReturnType<typeof parseCompose> => parseCompose(text, '/home/me/My.Stack_1/compose.yaml')
const service = (fragment: string): string => `services:\n  web:\n    image: x\n${fragment.replaceAll(/^/gm, '    ')}\nvolumes: {data: }\n`

function failure(text: string): { code: string; message: string; hint: string } {
  try {
    parse(text)
  } catch (error) {
    return error as { code: string; message: string; hint: string }
  }
  throw new Error(`accepted: ${text}`)
}

describe('unsupported', () => {
  test.each([
    ['constructor: x', 'compose.yaml:4: services.web.constructor is not supported by `ollama-stack up`.'],
    ['build: .', 'compose.yaml:4: services.web.build is not supported by `ollama-stack up`.'],
    ['init: true\nnetwork_mode: bridge', 'compose.yaml:5: services.web.network_mode (bridge) is not supported by `ollama-stack up`.'],
    ['healthcheck:\n  test: [NONE]\n  every: 5s', 'compose.yaml:6: services.web.healthcheck.every is not supported by `ollama-stack up`.'],
    ['ports: ["8000-8010:80"]', 'compose.yaml:4: services.web.ports[0] (a range of ports) is not supported by `ollama-stack up`.'],
    ['deploy: {replicas: 2}', 'compose.yaml:4: services.web.deploy.replicas is not supported by `ollama-stack up`.'],
    ['security_opt: ["seccomp=./my.json"]', 'compose.yaml:4: services.web.security_opt[0] (seccomp=./my.json) is not supported by `ollama-stack up`.'],
    ['volumes: ["~/x:/x"]', 'compose.yaml:4: services.web.volumes[0] (a source with ~) is not supported by `ollama-stack up`.'],
    ['environment: {A: "${HOME}"}', 'compose.yaml:4: services.web.environment.A uses `$`, and variables are not supported by `ollama-stack up`.'],
    ['hostname: $$$host', 'compose.yaml:4: services.web.hostname uses `$`, and variables are not supported by `ollama-stack up`.'],
  ])('%s', (fragment, message) => {
    const error = failure(service(fragment))
    expect(error).toMatchObject({ code: 'E_COMPOSE_UNSUPPORTED', message })
    expect(error.hint).toContain('docker compose up -d')
  })

  test.each(['include: [a.yaml]', 'secrets: {}', 'configs: {}'])('top level: %s', (fragment) => {
    expect(failure(`${fragment}\n${service('')}`)).toMatchObject({ code: 'E_COMPOSE_UNSUPPORTED', message: expect.stringMatching(/^compose\.yaml:1: /) as string })
  })

  test('the hint names the key alone', () => {
    expect(failure(service('build: .')).hint).toBe('`docker compose up -d` works with it; remove build to use `ollama-stack up`.')
  })
})

describe('invalid', () => {
  test.each([
    ['init: maybe', 'compose.yaml:4: services.web.init must be true or false, not "maybe".'],
    ['user: 1000', 'compose.yaml:4: services.web.user must be text: put 1000 in quotes.'],
    ['environment: {A: 2026-01-01}', 'compose.yaml:4: services.web.environment.A must be in quotes: "2026-01-01".'],
    ['environment: {A: 1_000}', 'compose.yaml:4: services.web.environment.A must be in quotes: "1_000".'],
    ['environment: {A: 1.0}', 'compose.yaml:4: services.web.environment.A must be in quotes: "1.0".'],
    ['environment: {A: 0777}', 'compose.yaml:4: services.web.environment.A must be in quotes: "0777".'],
    ['environment: {A: True}', 'compose.yaml:4: services.web.environment.A must be in quotes: "True".'],
    ['environment: {A: }', 'compose.yaml:4: services.web.environment.A has no value; Compose would take one from the shell of whoever runs it. Write the value here.'],
    ['environment: [A]', 'compose.yaml:4: services.web.environment[0] has no value; Compose would take one from the shell of whoever runs it. Write the value here.'],
    ['mem_limit: lots', 'compose.yaml:4: services.web.mem_limit must be a size, such as 512m.'],
    ['healthcheck: {interval: 5}', 'compose.yaml:4: services.web.healthcheck.interval must be a duration with a unit, such as 10s.'],
    ['healthcheck: {test: [curl, x]}', 'compose.yaml:4: services.web.healthcheck.test must start with CMD, CMD-SHELL or NONE.'],
    ['command: nginx -g daemon', 'compose.yaml:4: services.web.command must be a list of words, such as ["nginx", "-g", "daemon off;"]; text would go through a shell\'s rules.'],
    ['ports: ["a:b"]', 'compose.yaml:4: services.web.ports[0] has no port from 1 to 65535: "b".'],
    ['ports: ["999.1.1.1:80:80"]', 'compose.yaml:4: services.web.ports[0] has no IP address before the ports: "999.1.1.1".'],
    ['cap_drop: [ALL, ALL]', 'compose.yaml:4: services.web.cap_drop[1] repeats ALL.'],
    ['networks: [constructor]', 'compose.yaml:4: services.web.networks names the network constructor, which the file doesn\'t define.'],
    ['volumes: ["toString:/x"]', 'compose.yaml:4: services.web.volumes names the volume toString, which the file doesn\'t define.'],
    ['depends_on: [constructor]', 'compose.yaml:4: services.web.depends_on names the service constructor, which the file doesn\'t define.'],
    ['networks: [nowhere]', 'compose.yaml:4: services.web.networks names the network nowhere, which the file doesn\'t define.'],
    ['init: true\nvolumes: ["gone:/x"]', 'compose.yaml:5: services.web.volumes names the volume gone, which the file doesn\'t define.'],
    ['depends_on: [gone]', 'compose.yaml:4: services.web.depends_on names the service gone, which the file doesn\'t define.'],
    ['depends_on: [web]', 'compose.yaml:4: services.web.depends_on goes in a circle: web -> web.'],
    ['tmpfs: [/x]\nvolumes: ["data:/x"]', 'compose.yaml:4: services.web.tmpfs mounts /x, and so does volumes.'],
    ['labels: *gone', 'compose.yaml:4: services.web.labels uses *gone, an anchor that the file doesn\'t define before it.'],
    ['read_only:', 'compose.yaml:4: services.web.read_only has no value.'],
    ['logging: json-file', 'compose.yaml:4: services.web.logging must be a map of keys and values.'],
  ])('%s', (fragment, message) => {
    expect(failure(service(fragment))).toMatchObject({ code: 'E_COMPOSE_INVALID', message })
  })

  test.each([
    ['', 'must be a map of keys and values'], ['just text', 'must be a map of keys and values'], ['name: x', 'services is missing'], ['services: {}', 'services is missing'],
    ['services: {web: {init: true}}', 'services.web.image is missing'], ['name: Not Allowed\nservices: {a: {image: x}}', 'name must be lower-case'],
  ])('as a whole: %j', (text, message) => {
    expect(failure(text)).toMatchObject({ code: 'E_COMPOSE_INVALID', message: expect.stringContaining(message) as string })
  })
})

describe('syntax', () => {
  test.each([
    ['services:\n  web:\n   image: "x\n', 3], ['services:\n\tweb: {}\n', 2], ['services: {a: {image: x}, a: {image: y}}', 1],
  ])('%j', (text, line) => {
    const error = failure(text)
    expect(error.code).toBe('E_COMPOSE_SYNTAX')
    expect(error.message).toMatch(new RegExp(`^compose\\.yaml:\\d+:\\d+: `))
    expect(error.hint).toContain('line ')
    expect(Number(/:(\d+):/.exec(error.message)?.[1])).toBeGreaterThanOrEqual(line)
  })
})

describe('accepted', () => {
  test('the directory names the project when the file does not', () => {
    expect(parse(service('')).name).toBe('mystack_1')
  })

  test('what the tool keeps in the file', () => {
    expect(parse(`${service('')}x-ollama-stack: {version: 1, auth: basic}\n`).tool).toEqual({ version: 1, auth: 'basic' })
    expect(parse(service('')).tool).toBeUndefined()
  })

  test('names, labels and published addresses', () => {
    const want = desired(parse(`name: lab\n${service('ports: ["127.0.0.1:8880:8080", "9000"]\nvolumes: ["data:/d"]\nlabels: {com.docker.compose.project: liar}')}`), '/srv/lab')
    expect(want.services[0]).toMatchObject({ container: 'lab-web-1', volumes: ['lab_data'], ports: [{ bind: '127.0.0.1', port: 8880, protocol: 'tcp' }] })
    expect(want.services[0]?.create.Labels).toMatchObject({
      'com.docker.compose.project': 'lab', 'com.docker.compose.service': 'web', 'com.docker.compose.container-number': '1', 'com.docker.compose.oneoff': 'False',
      'com.docker.compose.project.working_dir': '/srv/lab',
    })
    expect(want.networks).toEqual([{ key: 'default', name: 'lab_default', spec: {}, labels: { 'com.docker.compose.project': 'lab', 'com.docker.compose.network': 'default' } }])
  })
})

test.each([['512m', 536_870_912], ['1.5g', 1_610_612_736], ['64', 64], ['64b', 64], ['1 k', 1024], ['1KiB', 1024], ['1x', null], ['-1', null], ['', null]])('size %s', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes)
})

test.each([['5s', '5s'], ['90s', '1m30s'], ['1h', '1h0m0s'], ['1d', '24h0m0s'], ['250ms', '250ms'], ['1500us', '1.5ms'], ['0s', '0s'], ['1.5s', '1.5s'], ['36h10m', '36h10m0s']])('duration %s', (text, shown) => {
  expect(formatDuration(parseDuration(text) ?? -1)).toBe(shown)
})

test('floats of 32 bits', () => {
  expect([0.1, 0.3, 1.5, 2, 0.333333].map(float32)).toEqual([0.1, 0.3, 1.5, 2, 0.333333])
})
