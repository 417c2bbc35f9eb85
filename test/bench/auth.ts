// What a login costs: `npm run bench -- auth [basic|bearer|mtls]... [--constant]`. Everything side by side in one
// run and in alternating rounds, since a machine is never quiet; only the ratios mean anything elsewhere.

import { install, onPath } from '../setup/apt.ts'
import { prepare } from '../setup/engine.ts'
import { stacks } from '../../stacks/index.ts'
import { say, Stop } from '../setup/shell.ts'
import { Rig, type Proxy, type Reading } from './rig.ts'
import { inTurns, median, untilInterrupted } from './turns.ts'
import { variantsOf } from './variants.ts'

const ROUNDS = 15
const SECONDS = 1
const CONNECTIONS = 16
const FLOOD = { seconds: 6, connections: 8 }

export async function main(args: string[]): Promise<void> {
  const [what, ...rest] = args
  const upstream = rest.includes('--constant') ? 'constant' : 'standin'
  const chosen = rest.filter((word) => !word.startsWith('--'))
  const odd = rest.find((word) => word !== '--constant' && !Object.hasOwn(stacks, word))
  if (what !== 'auth' || odd !== undefined) throw new Stop(`${odd === undefined ? '' : `${odd}?\n`}Usage: npm run bench -- auth [basic|bearer|mtls]... [--constant]`)
  await prepare()
  if (!(await onPath('ab'))) await install('apache2-utils')
  const rows = ['| login | requests/s | of the same without login | p50 ms | p99 ms | memory |', '|---|---|---|---|---|---|']
  const floods = ['| flood of wrong credentials, 8 connections | p99 quiet | p99 under it | times | refused/s |', '|---|---|---|---|---|']
  try {
    await untilInterrupted(async (check) => {
      for (const id of chosen.length > 0 ? chosen : ['bearer', 'basic', 'mtls']) {
        const rig = await Rig.open(upstream, check)
        try {
          const { none, counts, naive, wrong } = await variantsOf(rig, id)
          const all: [string, Proxy][] = [['no login', none], ['no proxy at all', rig.direct()], ...counts.map(([count, proxy]): [string, Proxy] => [`${count.toLocaleString('en')} people`, proxy]), ...naive]
          const readings = await rounds(rig, all.map(([, proxy]) => proxy))
          for (const [index, [title, proxy]] of all.entries()) rows.push(await row(`${id}: ${title}`, readings[index] ?? [], readings[0] ?? [], await rig.memory(proxy)))
          const [, victim] = counts.find(([count]) => count === 1000) ?? []
          // Keys and certificates can't be guessed: there, a flood is only load.
          if (victim && id === 'basic') floods.push(await underFlood(rig, id, victim, wrong))
        } finally {
          await rig.close()
        }
      }
    })
  } finally {
    // What was measured before something failed took minutes.
    console.log([...rows, '', ...floods].join('\n'))
  }
}

/** Readings per proxy, one from each round. */
function rounds(rig: Rig, proxies: readonly Proxy[]): Promise<Reading[][]> {
  return inTurns(ROUNDS, proxies.map((proxy) => () => rig.load(proxy, { seconds: SECONDS, connections: CONNECTIONS })), (round) => say('round', `${round} of ${ROUNDS}: ${proxies.length} proxies`))
}

async function row(title: string, readings: readonly Reading[], base: readonly Reading[], memory: string): Promise<string> {
  const ratio = median(readings.map(({ requests }, index) => requests / (base[index]?.requests ?? Number.NaN)))
  const of = (key: keyof Reading): number => median(readings.map((reading) => reading[key]))
  return `| ${title} | ${Math.round(of('requests')).toLocaleString('en')} | ${ratio.toFixed(ratio < 0.1 ? 4 : 2)} | ${of('p50').toFixed(2)} | ${of('p99').toFixed(2)} | ${memory} |`
}

/** One connection of somebody who is logged in, with and without guessers beside it, in turns. */
async function underFlood(rig: Rig, id: string, victim: Proxy, wrong: string[]): Promise<string> {
  const quiet: number[] = []
  const loud: number[] = []
  const refused: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    quiet.push((await rig.load(victim, { seconds: SECONDS, connections: 1 })).p99)
    const flood = rig.flood(victim.url, wrong, { ...FLOOD, seconds: SECONDS + 2 })
    await new Promise((resolve) => setTimeout(resolve, 1000))
    loud.push((await rig.load(victim, { seconds: SECONDS, connections: 1 })).p99)
    refused.push(await flood)
  }
  const times = median(loud.map((value, index) => value / (quiet[index] ?? Number.NaN)))
  return `| ${id} | ${median(quiet).toFixed(2)} ms | ${median(loud).toFixed(2)} ms | ${times.toFixed(1)} | ${Math.round(median(refused))} |`
}
