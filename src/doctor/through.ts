// What comes through the proxy, as a client sees it. The measuring is that of the smoke tests.

import { statSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { preflight } from '../checks/access.ts'
import { allowlist } from '../checks/allowlist.ts'
import { full, stream } from '../checks/stream.ts'
import { credentialProblems } from '../people/credential-problems.ts'
import { doorOf } from '../running/door.ts'
import { psRows } from '../ollama/ollama-tables.ts'
import { OWN } from '../questions/ollama-url.ts'
import { untilAllKnow, withTestPeople } from '../people/people.ts'
import { fail, ofBoth, ofProject, ok, warn, type Check } from './check.ts'
import type { Facts } from './facts.ts'
import { openFiles } from './files.ts'
import { modelsHere } from './models.ts'
import { modelsThere } from './there.ts'

export const proxyChecks: Check[] = [
  ofProject({
    id: 'proxy-answers',
    title: 'The proxy',
    async run({ project, answer, containers }) {
      const answered = await answer()
      if (answered.reply?.status === 401) return ok(`answers at ${project.url}, and asks a stranger for a login (401)`)
      if (answered.reply?.status === 403 && project.allow.length > 0) return warn("It refuses this machine's own address (403)", 'Put it on the list: ollama-stack configure --allow ADDRESS')
      if (answered.reply) return fail(`It answers ${answered.reply.status} to a stranger, where 401 is due`, 'Its log says why: ollama-stack logs proxy   Whom it lets in: ollama-stack test')
      const running = (await containers()).some(({ service, state }) => service === 'proxy' && state === 'running')
      const { code, message, hint } = answered.error
      if (code !== 'E_NO_ANSWER') return warn(`It could not be asked: ${message}`, hint)
      return running ? fail(message, 'If compose.yaml was edited since it was started, apply it: ollama-stack up   Otherwise its log says why: ollama-stack logs proxy') : warn('It does not run, so nothing could be tried through it', 'Start it: ollama-stack up')
    },
  }),
  ofProject({
    id: 'preflight',
    title: 'Preflight of browser apps',
    async run({ project, answer, signal }) {
      if ((await answer()).reply === null) return null
      const said: string[] = []
      for (const check of preflight.filter(({ applies }) => applies?.(project) ?? true)) {
        const { ok: fine, detail } = await check.run({ project, door: doorOf(project), signal })
        if (fine !== true) return fail(`${check.title}: not so, ${detail}`, 'The proxy may not have read its files as they are: docker compose restart proxy   All about it: ollama-stack test')
        said.push(detail)
      }
      return ok(`a foreign page gets none (${said[0]})${said[1] === undefined ? '' : `, an allowed one its own (${said[1]})`}`)
    },
  }),
  ofBoth({
    id: 'source-address',
    title: 'Addresses that the proxy sees',
    async run({ project, engine, answer, signal }) {
      if (!allowlist.applies?.(project) || (await answer()).reply === null) return null
      const { ok: fine, detail } = await allowlist.run({ project, door: doorOf(project), engine, signal })
      if (fine === true) return ok(`with a list of allowed ones, ${detail}`)
      return fine === null
        ? warn(`This can't be told: ${detail}`, 'Run it where one of the listed addresses is: ollama-stack test')
        : fail(detail, 'ollama-stack configure --host-network (Linux)   or leave the list out and filter in the firewall (chain DOCKER-USER)')
    },
  }),
  ofBoth({
    id: 'streaming',
    title: 'Streaming through the proxy',
    limit: 20_000,
    run: streaming,
  }),
  ofBoth({
    id: 'proxy-log',
    title: "The proxy's log about credentials",
    async run({ project, engine, containers, signal }) {
      const proxy = (await containers()).find(({ service, state }) => service === 'proxy' && state === 'running')
      if (!proxy) return null
      const since = Math.floor(lastChange(join(project.dir, 'credentials')) / 1000)
      const lines: string[] = []
      for await (const { line } of engine.logs(proxy.id, { since, tail: 1000, signal })) if (isTrouble(line)) lines.push(line)
      const last = lines.at(-1)
      return last === undefined ? ok('nothing wrong with them since they were changed') : fail(`It says: ${(/"error":"([^"]+)"/.exec(last)?.[1] ?? last).slice(0, 300)}`, 'Put right what it names; a change counts within a second. Whom it knows: ollama-stack user list')
    },
  }),
]

/** By one short answer of a model that is here, at best one that is in memory already. */
async function streaming({ project, answer, inside, signal }: Facts & { project: NonNullable<Facts['project']> }): Promise<ReturnType<typeof ok> | null> {
  const { reply } = await answer()
  if (reply === null) return null
  if (reply.status !== 401) return warn(`It could not be measured: the proxy answers ${reply.status} to this machine before it asks for a login`, 'Mend that first: ollama-stack test says more.')
  const [models, inMemory] = await Promise.all(project.ollama === OWN
    ? [modelsHere({ inside }), inside('ollama', ['ollama', 'ps']).then((text) => psRows(text ?? ''))]
    : [modelsThere({ inside }, '/api/tags'), modelsThere({ inside }, '/api/ps')])
  if (models === null) return null
  const names = models.toSorted((a, b) => a.bytes - b.bytes).map(({ name }) => name)
  const wanted = project.model === null ? undefined : full(project.model)
  const loaded = inMemory?.[0]?.name
  const model = loaded ?? names.find((name) => name === wanted) ?? names[0]
  if (model === undefined) return wanted === undefined ? null : warn(`${project.model} isn't here yet, so streaming could not be measured`, `ollama-stack pull ${project.model}`)
  // Writing the files for somebody new would mend what the other checks have to say about them.
  if (credentialProblems(project).length > 0 || openFiles(project).length > 0) return warn('It could not be measured while something is wrong with the credential files', 'Mend these first, then run this again.')
  const door = doorOf(project)
  const verdict = await withTestPeople(project, ['user'], new Date(), async ([user]) => {
    if (!user) throw new Error('a test person was asked for')
    await untilAllKnow(door, [user], signal)
    return stream.run({ project: { ...project, model }, door, user, signal })
  })
  if (verdict.ok === true) return ok(`${model}: ${verdict.detail}`)
  return verdict.ok === null ? warn(`It could not be measured: ${verdict.detail}`, 'Everything about it: ollama-stack test') : fail(`${model}: ${verdict.detail}`, "A proxy between here and Ollama keeps answers back: look for buffering in proxy/, or in what stands before this stack's port.")
}

/** Milliseconds: when something in that folder was last written, added, removed, or given to somebody else. */
function lastChange(folder: string): number {
  return Math.max(...[folder, ...readdirSync(folder).map((name) => join(folder, name))].map((path) => statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? 0))
}

/** Each login's own words for files that it can't use; what a request said comes after them. A file that isn't there is somebody who was removed. */
export function isTrouble(line: string): boolean {
  if (line.startsWith('{"time"') || line.includes('no such file or directory')) return false
  const own = line.split(/, (?:client|context): /)[0] ?? ''
  return /credentials\/keys: |credentials can not be read|"level":"error".*"\/?credentials\//.test(own)
}
