// A CA that speaks ACME, on this machine: Caddy's acme_server. It looks for every name here.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { docker, dockerOk, freePort } from './project.ts'

export interface AcmeCa {
  /** By the one challenge that it offers. */
  directory: Record<'http-01' | 'tls-alpn-01', string>
  /** Path of its root certificate. */
  root: string
  /** How many certificates each was asked for. */
  orders(): Promise<Record<'http-01' | 'tls-alpn-01', number>>
  stop(): Promise<void>
}

/** The machine's address on Docker's own bridge: containers reach it, nobody outside does. */
export const BRIDGE = await dockerOk('network', 'inspect', 'bridge', '-f', '{{(index .IPAM.Config 0).Gateway}}')

export async function startCa(dir: string, name: string, certified: string): Promise<AcmeCa> {
  const ports = { 'http-01': await freePort(), 'tls-alpn-01': await freePort() }
  mkdirSync(join(dir, 'data'), { recursive: true })
  const site = ([challenge, port]: [string, number]): string => `https://${BRIDGE}:${port} {
	tls internal
	log
	acme_server {
		lifetime 12h
		challenges ${challenge}
		allow {
			domains ${certified}
		}
	}
}
`
  writeFileSync(join(dir, 'Caddyfile'), `{
	admin off
	default_sni ${BRIDGE}
	skip_install_trust
	storage file_system /data
}
${Object.entries(ports).map(site).join('')}`)
  await dockerOk('run', '-d', '--name', name, '--label', `com.docker.compose.project=${name}`, '--add-host', `${certified}:${BRIDGE}`,
    ...Object.values(ports).flatMap((port) => ['-p', `${BRIDGE}:${port}:${port}`]), '-v', `${dir}:/ca`, '-v', `${join(dir, 'data')}:/data`,
    '--entrypoint', 'caddy', 'caddy:2.11', 'run', '--config', '/ca/Caddyfile', '--adapter', 'caddyfile')
  const root = join(dir, 'data/pki/authorities/local/root.crt')
  const url = (port: number): string => `https://${BRIDGE}:${port}/acme/local/directory`
  for (let left = 50; ; left--) {
    try {
      readFileSync(root)
      break
    } catch (error) {
      if (left === 0) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
  const orders = async (): Promise<Record<'http-01' | 'tls-alpn-01', number>> => {
    const { stdout, stderr } = await docker('logs', name)
    const count = (port: number): number => (stdout + stderr).split('\n').filter((line) => line.includes(`"host":"${BRIDGE}:${port}"`) && line.includes('/new-order')).length
    return { 'http-01': count(ports['http-01']), 'tls-alpn-01': count(ports['tls-alpn-01']) }
  }
  return { orders, directory: { 'http-01': url(ports['http-01']), 'tls-alpn-01': url(ports['tls-alpn-01']) }, root, stop: async () => { await dockerOk('rm', '-f', '-v', name) } }
}
