// What a proxy adds to a stream, and to a big body: `npm run bench -- stream [basic|bearer|mtls]...`. Each piece
// carries the time when it was sent, in the clock of the machine; directly and through each login, in turns.

import { install, onPath } from '../setup/apt.ts'
import { prepare } from '../setup/engine.ts'
import { stacks } from '../../stacks/index.ts'
import { say, Stop } from '../setup/shell.ts'
import { Rig } from './rig.ts'
import { Streamer, type Heard } from './streamer.ts'
import { inTurns, median, share, untilInterrupted } from './turns.ts'
import { onePerson } from './variants.ts'

const ROUNDS = 5
const AT_ONCE = [1, 64]
const KINDS = [['NDJSON', '/api/chat'], ['SSE', '/v1/chat/completions'], ['Anthropic', '/v1/messages']] as const
const MB = 50

export async function main([, ...chosen]: string[]): Promise<void> {
  const odd = chosen.find((word) => !Object.hasOwn(stacks, word))
  if (odd !== undefined) throw new Stop(`${odd}?\nUsage: npm run bench -- stream [basic|bearer|mtls]...`)
  await prepare()
  if (!(await onPath('ab'))) await install('apache2-utils')
  await untilInterrupted(async (check) => {
    const rig = await Rig.open('stamps', check)
    const ways: [string, Streamer][] = [['direct', new Streamer(rig.direct().url, {})]]
    try {
      for (const id of chosen.length > 0 ? chosen : ['bearer', 'basic', 'mtls']) {
        const { proxy, client } = await onePerson(rig, id)
        ways.push([id, new Streamer(proxy.url, client)])
      }
      console.log([...await streams(ways, check), '', ...await bodies(ways, check)].join('\n'))
    } finally {
      for (const [, way] of ways) way.close()
      await rig.close()
    }
  })
}

async function streams(ways: readonly [string, Streamer][], check: () => void): Promise<string[]> {
  const rows = [`| streams | way | first byte ms: ${KINDS.map(([kind]) => kind).join(', ')} | delay of a piece, median ms | p99 ms | gap between pieces, median ms | p99 ms |`, '|---|---|---|---|---|---|---|']
  for (const count of AT_ONCE) {
    const doers = ways.map(([, way]) => async () => {
      const heard: Heard[][] = []
      for (const [, path] of KINDS) {
        check()
        heard.push(await way.streams(path, count))
      }
      return heard
    })
    const results = await inTurns(ROUNDS, doers, (round) => say('round', `${round} of ${ROUNDS}, ${count} at once`))
    for (const [index, [name]] of ways.entries()) {
      const kinds = KINDS.map((_, kind) => (results[index] ?? []).flatMap((round) => round[kind] ?? []))
      const of = (key: 'delays' | 'gaps', part: number): string => kinds.map((heard) => share(heard.flatMap((one) => one[key]), part).toFixed(2)).join(', ')
      rows.push(`| ${count} | ${name} | ${kinds.map((heard) => median(heard.map(({ first }) => first)).toFixed(2)).join(', ')} | ${of('delays', 0.5)} | ${of('delays', 0.99)} | ${of('gaps', 0.5)} | ${of('gaps', 0.99)} |`)
    }
  }
  return rows
}

async function bodies(ways: readonly [string, Streamer][], check: () => void): Promise<string[]> {
  const rows = [`| way | ${MB} MB request, ms | times direct | ${MB} MB answer, ms | times direct |`, '|---|---|---|---|---|']
  const results = await inTurns(ROUNDS, ways.map(([, way]) => async () => {
    check()
    return { up: await way.upload(MB), down: await way.download(MB) }
  }), (round) => say('round', `${round} of ${ROUNDS}, ${MB} MB`))
  const times = (index: number, key: 'up' | 'down'): string => median((results[index] ?? []).map((one, round) => one[key] / (results[0]?.[round]?.[key] ?? Number.NaN))).toFixed(2)
  for (const [index, [name]] of ways.entries()) {
    const ms = (key: 'up' | 'down'): string => median((results[index] ?? []).map((one) => one[key])).toFixed(0)
    rows.push(`| ${name} | ${ms('up')} | ${times(index, 'up')} | ${ms('down')} | ${times(index, 'down')} |`)
  }
  return rows
}
