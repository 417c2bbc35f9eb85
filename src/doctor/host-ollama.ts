// Another Ollama on this machine, outside of the stack, that lets everybody in.

import { OLLAMA_PORT } from '../ollama/bare-ollama.ts'
import { portHolder } from '../engine/ports.ts'
import { fail, ok, type Check } from './check.ts'

const LOCALHOST = '127.0.0.1'

export const hostOllamaCheck: Check = {
  id: 'open-ollama',
  title: 'Ollama without a login on this machine',
  async run({ machine, engine, ollamaAt }) {
    const outside = machine.addresses.map(({ ip }) => ip)
    const open = await Promise.all(outside.map(async (ip) => (await ollamaAt(ip) ? [ip] : [])))
    const [first, ...more] = open.flat()
    if (first === undefined) return ok(await ollamaAt(LOCALHOST) ? `one answers on ${LOCALHOST}:${OLLAMA_PORT}, which only this machine reaches` : `port ${OLLAMA_PORT} is silent on ${[LOCALHOST, ...outside].join(', ')}`)
    const owner = await engine?.portOwner(first, OLLAMA_PORT) ?? null
    const fix = owner?.kind === 'container'
      ? `Publish it on ${LOCALHOST} only: -p ${LOCALHOST}:${OLLAMA_PORT}:${OLLAMA_PORT}, or as \`host_ip\` in its compose.yaml.`
      : `Let it listen on ${LOCALHOST} alone: remove OLLAMA_HOST from where it is set (sudo systemctl edit ollama, on a Mac launchctl unsetenv OLLAMA_HOST), then start it anew.`
    return fail(`An Ollama answers everybody on ${[first, ...more].map((ip) => `${ip}:${OLLAMA_PORT}`).join(', ')} (${portHolder(owner, OLLAMA_PORT).who}): no login, no TLS, and models can be pulled and deleted.`, fix)
  },
}
