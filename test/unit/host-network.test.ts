import { describe, expect, test } from 'vitest'
import { hostNetworkConflicts, refuseForeignHost } from '../../src/questions/host-network.ts'
import { failure } from './refusal.ts'

describe('--host-network', () => {
  const engine = { address: 'unix:///var/run/docker.sock', local: true, rootless: false, hostname: 'nas' }
  test("on this machine's own engine", () => expect(refuseForeignHost(engine, 'nas')).toBeUndefined())
  test.each<[string, Partial<typeof engine>, string]>([
    ['an engine elsewhere', { address: 'tcp://192.168.1.9:2376', local: false }, "is another machine's"],
    ['a rootless engine', { rootless: true }, 'without root, in a network of its own'],
    ['Docker Desktop', { hostname: 'docker-desktop' }, 'runs in docker-desktop, which is not this machine (nas)'],
  ])('not with %s', (_, other, says) => {
    const { code, exit, message } = failure(() => refuseForeignHost({ ...engine, ...other }, 'nas'))
    expect({ code, exit, message }).toEqual({ code: 'E_HOST_NETWORK', exit: 2, message: expect.stringContaining(says) as string })
  })
  test.each(['darwin', 'win32'] as const)('not on %s', (platform) => {
    expect(hostNetworkConflicts({ hostNetwork: true }, platform).map(({ message }) => message)).toEqual([expect.stringMatching(/^--host-network works on Linux only/)])
    expect(hostNetworkConflicts({}, platform)).toEqual([])
  })
})
