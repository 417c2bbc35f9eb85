// The main job on this machine, from a fresh clone: prepare, build, `create`. Arguments go to `create`;
// where they name no directory, a free one in `demo/` is taken, and where nobody asks for the port a
// free port, so that demos can run side by side.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { portFree } from '../../src/net/port-free.ts'
import { dockerMust } from './docker.ts'
import { prepare } from './engine.ts'
import { must, say } from './shell.ts'

const root = join(import.meta.dirname, '..', '..')

export async function main(args: string[]): Promise<number> {
  const images = await prepare()
  await must(process.execPath, [join(root, 'src/build.mjs')])
  const standin = images.find(({ image, kind }) => image.startsWith('ollama/') && kind !== 'real')
  if (standin) say('note', `no registry answers, so Ollama is a ${standin.kind}; proxy, logins, roles and streaming are real`)

  const wizard = process.stdin.isTTY && process.stderr.isTTY && !args.includes('--yes') && !args.includes('-y')
  const filled = await fill(args, wizard)
  const child = spawn(process.execPath, [join(root, 'dist/create.js'), ...filled], { stdio: 'inherit' })
  // Ctrl-C reaches the child by itself; this waits for what it has to say.
  process.on('SIGINT', () => {})
  const [code] = (await once(child, 'close')) as [number | null]
  return code ?? 1
}

async function fill(args: string[], wizard: boolean): Promise<string[]> {
  const has = (...flags: string[]): boolean => args.some((word) => flags.some((flag) => word === flag || word.startsWith(`${flag}=`)))
  const filled = wizard || has('--yes', '-y') ? [...args] : [...args, '--yes']
  const valued = /^(--(name|auth|user|bind|port|tls|host|model|dir)|-C)$/
  const named = args.some((word, index) => !word.startsWith('-') && !valued.test(args[index - 1] ?? ''))
  if (!named && !has('-C', '--dir')) filled.push(await freeDirectory())
  if (!wizard && !has('--port')) {
    let port = has('--tls') || args.includes('mtls') ? 8443 : 8880
    while (!(await portFree('127.0.0.1', port))) port++
    filled.push('--port', String(port))
  }
  return filled
}

/** `demo/ollama-demo-N` in the clone, which git ignores; a name that no project on the engine has. */
async function freeDirectory(): Promise<string> {
  const taken = new Set((await dockerMust('ps', '-a', '--format', '{{.Label "com.docker.compose.project"}}')).split('\n'))
  for (let number = 1; ; number++) {
    const name = `ollama-demo-${number}`
    const directory = join(root, 'demo', name)
    if (!existsSync(directory) && !taken.has(name)) return directory
  }
}
