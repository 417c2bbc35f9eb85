// Starting and stopping, beside Compose: `npm run bench -- up [basic|bearer|mtls]...`. The same project, in turns:
// from nothing to healthy, a second time with nothing to do, and down; and how long writing a project takes.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stacks } from '../../stacks/index.ts'
import { freePort } from '../../src/net/port-free.ts'
import { docker, dockerMust } from '../setup/docker.ts'
import { prepare } from '../setup/engine.ts'
import { must, say, Stop } from '../setup/shell.ts'
import { inTurns, median, untilInterrupted } from './turns.ts'

const ROUNDS = 5
const MANY = 20
const root = join(import.meta.dirname, '../..')
const program = join(root, 'dist/create.js')

/** Milliseconds. */
interface Round {
  up: number
  /** Without the time from the last start to the engine's own word that all are healthy. */
  own: number
  again: number
  /** The same, where Compose waits for health too, as we do. */
  waits: number
  down: number
}

export async function main([, ...chosen]: string[]): Promise<void> {
  const odd = chosen.find((word) => !Object.hasOwn(stacks, word))
  if (odd !== undefined) throw new Stop(`${odd}?\nUsage: npm run bench -- up [basic|bearer|mtls]...`)
  await prepare()
  await must(process.execPath, [join(root, 'src/build.mjs')])
  const ids = chosen.length > 0 ? chosen : ['bearer']
  const rows = ['| login | what | ollama-stack, s | docker compose, s | times Compose |', '|---|---|---|---|---|']
  const made = [`| login | create --no-start, 1 person, s | ${MANY} people, s | bare node, s |`, '|---|---|---|---|']
  await untilInterrupted(async (check) => {
    for (const id of ids) {
      const dir = await mkdtemp(join(tmpdir(), 'bench-up-'))
      try {
        made.push(await scaffold(id, dir, check))
        rows.push(...await compare(id, join(dir, 'stack'), check))
      } finally {
        await docker('compose', '-p', nameOf(id), 'down', '-v', '--remove-orphans')
        await rm(dir, { recursive: true, force: true })
      }
    }
  })
  console.log([...rows, '', ...made].join('\n'))
}

const nameOf = (id: string): string => `bench-up-${id}`

async function create(id: string, dir: string, people: number): Promise<void> {
  const users = Array.from({ length: people }, (_, index) => ['--user', `person-${index}`]).flat()
  const port = await freePort('127.0.0.1', 28_880)
  await must(process.execPath, [program, dir, '--name', nameOf(id), '--auth', id, ...users, '--port', String(port), '--model', 'none', '--no-start', '--yes'])
}

/** Leaves a project with one person in `stack`. */
async function scaffold(id: string, dir: string, check: () => void): Promise<string> {
  const write = (name: string, people: number) => async (): Promise<number> => {
    check()
    await rm(join(dir, name), { recursive: true, force: true })
    return timed(() => create(id, join(dir, name), people))
  }
  const results = await inTurns(ROUNDS, [write('stack', 1), write('many', MANY), () => timed(() => must(process.execPath, ['-e', '0']))])
  return `| ${id} | ${results.map((times) => seconds(median(times))).join(' | ')} |`
}

async function compare(id: string, dir: string, check: () => void): Promise<string[]> {
  const ours = (...args: string[]) => () => must(join(dir, 'ollama-stack'), args)
  const theirs = (...args: string[]) => () => dockerMust('compose', '-f', join(dir, 'compose.yaml'), '--progress', 'quiet', ...args)
  const tools = {
    ours: { up: ours('up'), again: ours('up'), waits: ours('up'), down: ours('down') },
    theirs: { up: theirs('up', '-d', '--wait'), again: theirs('up', '-d'), waits: theirs('up', '-d', '--wait'), down: theirs('down') },
  }
  const round = ({ up, again, waits, down }: (typeof tools)['ours']) => async (): Promise<Round> => {
    check()
    const whole = await timed(up)
    const waited = await untilHealthy(nameOf(id))
    check()
    return { up: whole, own: whole - waited, again: await timed(again), waits: await timed(waits), down: await timed(down) }
  }
  const [mine = [], other = []] = await inTurns(ROUNDS, [round(tools.ours), round(tools.theirs)], (done) => say('round', `${done} of ${ROUNDS}, ${id}`))
  const titles: [keyof Round, string][] = [
    ['up', 'up, from nothing to healthy'], ['own', "of that, not waiting for the engine's health checks"], ['again', 'up, nothing to do (Compose: up -d)'], ['waits', 'up, nothing to do (Compose: up -d --wait)'], ['down', 'down'],
  ]
  return titles.map(([key, title]) => {
    const of = (rounds: readonly Round[]): number => median(rounds.map((one) => one[key]))
    const times = median(mine.map((one, index) => one[key] / (other[index]?.[key] ?? Number.NaN)))
    return `| ${id} | ${title} | ${seconds(of(mine))} | ${seconds(of(other))} | ${times.toFixed(2)} |`
  })
}

/** From the last start to the last container's health, by the engine's clock, in milliseconds. */
async function untilHealthy(project: string): Promise<number> {
  const ids = (await dockerMust('ps', '-q', '--filter', `label=com.docker.compose.project=${project}`)).trim().split('\n')
  const states = JSON.parse(`[${(await dockerMust('inspect', '-f', '{{json .State}},', ...ids)).trim().replace(/,$/, '')}]`) as { StartedAt: string; Health: { Log: { End: string; ExitCode: number }[] } }[]
  const healthy = states.map(({ Health: { Log } }) => Date.parse(Log.find(({ ExitCode }) => ExitCode === 0)?.End ?? ''))
  return Math.max(...healthy) - Math.max(...states.map(({ StartedAt }) => Date.parse(StartedAt)))
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const seconds = (ms: number): string => (ms / 1000).toFixed(2)
