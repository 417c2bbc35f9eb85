// How long a program takes to say something: `npm run bench -- start`. A bare `node -e 0` beside it, in
// turns, since the machine may be busy with other things; medians, and how many times the bare one.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROUNDS = 15
const dist = join(import.meta.dirname, '../../dist')
const [create, own] = [join(dist, 'create.js'), join(dist, 'ollama-stack.js')]

/** Until it ends; in a terminal, until `shown` is on the screen. */
interface Row { name: string; args: string[]; shown?: RegExp }
const ROWS: Row[] = [
  { name: 'node -e 0', args: ['-e', '0'] },
  { name: 'ollama-stack --version', args: [own, '--version'] },
  { name: 'ollama-stack --help', args: [own, '--help'] },
  { name: 'create-ollama-stack --help', args: [create, '--help'] },
  { name: 'ollama-stack up --help', args: [own, 'up', '--help'] },
  { name: 'ollama-stack status --no-such-flag', args: [own, 'status', '--no-such-flag'] },
  { name: 'node, in a terminal', args: ['-e', 'console.log("here")'], shown: /here/ },
  { name: 'create-ollama-stack: first question', args: [create], shown: /Where should the project go/ },
]

export async function main(): Promise<void> {
  const cwd = mkdtempSync(join(tmpdir(), 'bench-start-'))
  const times = new Map(ROWS.map(({ name }): [string, number[]] => [name, []]))
  try {
    for (let round = 0; round < ROUNDS; round++) for (const row of ROWS) times.get(row.name)?.push(await timed(row, cwd))
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
  console.log(`Node.js ${process.version}, ${ROUNDS} rounds in turns, medians\n`)
  let bare = 0
  for (const { name, args } of ROWS) {
    const median = middle(times.get(name) ?? [])
    if (args[0] === '-e') bare = median
    console.log(`${name.padEnd(38)} ${median.toFixed(0).padStart(5)} ms  ${(median / bare).toFixed(2)}  +${(median - bare).toFixed(0)} ms`)
  }
}

async function timed({ name, args, shown }: Row, cwd: string): Promise<number> {
  const start = performance.now()
  if (!shown) {
    const child = spawn(process.execPath, args, { cwd, stdio: 'ignore' })
    await once(child, 'close')
    return performance.now() - start
  }
  // util-linux's script makes the terminal.
  const command = [process.execPath, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn('script', ['-qfec', command, '/dev/null'], { cwd, stdio: ['pipe', 'pipe', 'ignore'], env: { ...process.env, TERM: 'xterm-256color' } })
  let [text, took] = ['', 0]
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more
    if (took > 0 || !shown.test(text)) return
    took = performance.now() - start
    child.stdin.write('\x03')
  })
  await once(child, 'close')
  if (took === 0) throw new Error(`${name} never came to it:\n${text.slice(-500)}`)
  return took
}

function middle(all: number[]): number {
  return all.sort((a, b) => a - b)[all.length >> 1] ?? 0
}
