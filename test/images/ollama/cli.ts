// The `ollama` command of the stand-in image.

import * as client from './client.ts'
import { readSettings, type Settings } from './environment.ts'
import { serveHeads, SOCKET } from './heads.ts'
import { createLog } from './log.ts'
import { createStandin, VERSION } from './server.ts'

const told: client.Told = { out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) }

async function serve(settings: Settings): Promise<void> {
  const log = createLog(told.out)
  log.line('This is a stand-in for Ollama, made for tests: no model runs, and it generates no real text.')
  settings.warnings.forEach(log.line)
  const { server, standin } = createStandin(settings, log)
  const { host, port } = settings
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new Error(`listen tcp ${host}:${port}: bind: ${reason(error)}`)))
    server.listen(port, host, resolve)
  })
  await serveHeads(standin.heads, SOCKET).catch((error: unknown) => log.line(`Request heads can't be asked for: ${String(error)}`))
  log.line(`time=${new Date().toISOString()} level=INFO source=routes.go msg="Ollama cloud disabled: ${settings.noCloud}"`)
  log.line(`time=${new Date().toISOString()} level=INFO source=routes.go msg="Listening on ${host.includes(':') ? `[${host}]` : host}:${port} (version ${VERSION})"`)
  const stop = (): void => {
    log.flush()
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

function reason({ code, message }: NodeJS.ErrnoException): string {
  const words: Record<string, string> = { EADDRNOTAVAIL: 'cannot assign requested address', EADDRINUSE: 'address already in use', EACCES: 'permission denied' }
  return words[code ?? ''] ?? message
}

const USAGE = `A stand-in for Ollama, made for tests: no model runs, and it generates no real text.

Usage:
  ollama serve | list | ps | pull MODEL | --version
  ollama standin-heads [--clear]   the request heads that reached it, as JSON; --clear forgets them after printing
`

async function main([command = '', argument = '']: string[]): Promise<void> {
  switch (command) {
    case 'serve':
    case 'start':
      return serve(readSettings(process.env))
    case 'list':
    case 'ls':
      return client.list(readSettings(process.env), told)
    case 'ps':
      return client.ps(readSettings(process.env), told)
    case 'pull':
      if (argument === '') throw new Error('accepts 1 arg(s), received 0')
      return client.pull(readSettings(process.env), argument, told)
    case '--version':
    case '-v':
      return client.version(readSettings(process.env), told)
    case 'standin-heads':
      return client.heads(argument === '--clear', told)
    case '':
    case 'help':
    case '--help':
      return told.out(USAGE)
    default:
      throw new Error(`unknown command "${command}" for "ollama"`)
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  told.err(`Error: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
