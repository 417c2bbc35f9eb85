// A client with addresses of its own, as one on the LAN has: a network namespace and a pair of veths.

import { run } from './project.ts'

const SPACE = 'ollama-stack-test'
/** TEST-NET-2 (RFC 5737): nobody has it. */
const NET = '198.51.100'
/** Part of the ULA range (RFC 4193). */
const NET6 = 'fd98:51:100:'

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
export async function networkClient(): Promise<NetworkClient> {
  const ip = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await run('ip', args)
    if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
  }
  await run('ip', ['netns', 'del', SPACE])
  await ip('netns', 'add', SPACE)
  const addresses: [string, string] = [`${NET}.2`, `${NET}.3`]
  const addresses6: [string, string] = [`${NET6}:2`, `${NET6}:3`]
  await ip('link', 'add', 'ostest0', 'type', 'veth', 'peer', 'name', 'ostest1', 'netns', SPACE)
  await ip('addr', 'add', `${NET}.1/24`, 'dev', 'ostest0')
  await ip('addr', 'add', `${NET6}:1/64`, 'dev', 'ostest0', 'nodad')
  await ip('link', 'set', 'ostest0', 'up')
  for (const address of addresses) await ip('-n', SPACE, 'addr', 'add', `${address}/24`, 'dev', 'ostest1')
  for (const address of addresses6) await ip('-n', SPACE, 'addr', 'add', `${address}/64`, 'dev', 'ostest1', 'nodad')
  await ip('-n', SPACE, 'link', 'set', 'ostest1', 'up')
  return {
    host: `${NET}.1`,
    addresses,
    host6: `${NET6}:1`,
    addresses6,
    async run(command, ...args) {
      const { code, stdout, stderr } = await run('ip', ['netns', 'exec', SPACE, command, ...args])
      if (code !== 0) throw new Error(`${command} in ${SPACE}: ${stderr}`)
      return stdout.trim()
    },
    async curl(from, args) {
      const { code, stdout, stderr } = await run('ip', ['netns', 'exec', SPACE, 'curl', '-sS', '--max-time', '10', '--interface', from, '-w', '\n%{http_code}', ...args])
      if (code !== 0) throw new Error(`curl from ${from}: ${stderr}`)
      const at = stdout.lastIndexOf('\n')
      return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) }
    },
    remove: () => ip('netns', 'del', SPACE),
  }
}
