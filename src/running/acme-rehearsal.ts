// A CA counts failures: Let's Encrypt allows five an hour for a name. So after one, the next `up` asks
// its staging CA until that gives a certificate, and only then the real one. While it runs, Caddy
// keeps to the same rule by itself.

import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { applyChange } from '../project/disk.ts'
import type { Engine } from '../engine.ts'
import { StackError } from '../errors.ts'
import { frontOf, type Project } from '../project/project.ts'
import { servedCert } from './server-cert.ts'

const HOUR_MS = 60 * 60_000
/** What stands in certificates.caddy while the staging CA is asked. */
const REHEARSAL = /^\t# Rehearsal\. Otherwise: dir (\S+)\n\tdir \S+\n/m
const FAILED = 'certs/acme/failed'
const CERTIFICATES = 'certs/acme/certificates'

/** `start` brings the stack up, from whatever runs, and throws E_ACME when there is no certificate. Returns what it did. */
export async function withCertificate(project: Project, engine: Engine, signal: AbortSignal, start: () => Promise<string[]>): Promise<string[]> {
  if (project.tls !== 'acme') return start()
  const failed = join(project.dir, FAILED)
  const path = `${frontOf(project.file)}/certificates.caddy`
  const found = readFileSync(join(project.dir, path), 'utf8')
  const usual = found.replace(REHEARSAL, '\tdir $1\n')
  // A rehearsal that was cut short, by a power cut or so: its certificates are nobody's.
  if (usual !== found) {
    endRehearsal()
    await stopCaddy(project, engine, signal)
  }
  const done: string[] = []
  const staging = /^\ttest_dir (\S+)$/m.exec(usual)?.[1]
  const lately = existsSync(failed) && Date.now() - statSync(failed).mtimeMs < HOUR_MS
  if (staging === undefined || !lately || servedCert(project) !== null) {
    try {
      done.push(...await start())
    } catch (error) {
      if (error instanceof StackError && error.code === 'E_ACME') put(FAILED, 'Before the real CA is asked again, `ollama-stack up` asks the staging one.\n')
      throw error
    }
  } else {
    put(path, usual.replace(/^\tdir (\S+)\n/m, `\t# Rehearsal. Otherwise: dir $1\n\tdir ${staging}\n`))
    try {
      done.push(...await start())
    } finally {
      endRehearsal()
    }
    await stopCaddy(project, engine, signal)
    done.push(...await start())
  }
  rmSync(failed, { force: true })
  return done

  function endRehearsal(): void {
    // Nobody trusts them. They go first: what is cut short here ends the next time.
    rmSync(join(project.dir, CERTIFICATES), { recursive: true, force: true })
    put(path, usual)
  }

  function put(file: string, content: string): void {
    applyChange(project.dir, new Map([[file, { content, mode: 0o644 }]]))
  }
}

/** It holds the staging certificate in memory. */
async function stopCaddy({ name, file }: Project, engine: Engine, signal: AbortSignal): Promise<void> {
  const running = async (): Promise<string[]> => (await engine.observe(name, [], signal)).containers.filter(({ service, state }) => service === frontOf(file) && state === 'running').map(({ id }) => id)
  for (const id of await running()) await engine.signal(id, 'SIGTERM')
  while ((await running()).length > 0) await sleep(200, undefined, { signal })
}
