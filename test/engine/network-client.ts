// A client with addresses of its own, as one on the LAN has: a network namespace and a pair of veths.

import { run } from './project.ts'

/** TEST-NET-2 and -3 (RFC 5737), which nobody has, and parts of the ULA range (RFC 4193): files that run beside each other take one each. */
const NETS = [['198.51.100', 'fd98:51:100:'], ['203.0.113', 'fd98:0:113:']] as const

export interface NetworkClient {
  /** The machine's address on that network. */
  host: string
  /** Two addresses of the client's. */
  addresses: [string, string]
  /** The same in IPv6. */
  host6: string
  addresses6: [string, string]
  /** Runs a program there. Returns what it prints. */
  run(command: string, ...args: string[]): Promise<string>
  /** curl from one of them. Returns status and body. */
  curl(from: string, args: string[]): Promise<{ status: number; body: string }>
  remove(): Promise<void>
}

/** Needs root, as the engine's own networks do. */
export async function networkClient(which: 0 | 1): Promise<NetworkClient> {
  const [net, net6] = NETS[which]
  const space = `ollama-stack-test-${which}`
  const [outside, inside] = [`ostest${which}`, `ostest${which}in`]
  const ip = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await run('ip', args)
    if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
  }
  await run('ip', ['netns', 'del', space])
  await ip('netns', 'add', space)
  const addresses: [string, string] = [`${net}.2`, `${net}.3`]
  const addresses6: [string, string] = [`${net6}:2`, `${net6}:3`]
  await ip('link', 'add', outside, 'type', 'veth', 'peer', 'name', inside, 'netns', space)
  await ip('addr', 'add', `${net}.1/24`, 'dev', outside)
  await ip('addr', 'add', `${net6}:1/64`, 'dev', outside, 'nodad')
  await ip('link', 'set', outside, 'up')
  for (const address of addresses) await ip('-n', space, 'addr', 'add', `${address}/24`, 'dev', inside)
  for (const address of addresses6) await ip('-n', space, 'addr', 'add', `${address}/64`, 'dev', inside, 'nodad')
  await ip('-n', space, 'link', 'set', inside, 'up')
  return {
    host: `${net}.1`,
    addresses,
    host6: `${net6}:1`,
    addresses6,
    async run(command, ...args) {
      const { code, stdout, stderr } = await run('ip', ['netns', 'exec', space, command, ...args])
      if (code !== 0) throw new Error(`${command} in ${space}: ${stderr}`)
      return stdout.trim()
    },
    async curl(from, args) {
      const { code, stdout, stderr } = await run('ip', ['netns', 'exec', space, 'curl', '-sS', '--max-time', '10', '--interface', from, '-w', '\n%{http_code}', ...args])
      if (code !== 0) throw new Error(`curl from ${from}: ${stderr}`)
      const at = stdout.lastIndexOf('\n')
      return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) }
    },
    remove: () => ip('netns', 'del', space),
  }
}
