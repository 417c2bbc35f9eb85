// What both programs begin with. The build bundles it for Node.js 12, so that an older one than we
// need says so; and it answers what needs nothing else: --version and --help.

import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { early } from './cli/early.ts'
import { tooOld } from './cli/node-version.ts'
import { flagWords } from './cli/words.ts'
import { readTexts } from './texts.ts'
import { version } from './version.ts'

export function start(program: string, argv: readonly string[]): void {
  const old = tooOld(program, process.version)
  if (old) {
    process.exitCode = 1
    if (flagWords(argv).includes('--json')) say(1, `${JSON.stringify({ error: { code: 'E_NODE_VERSION', ...old } })}\n`)
    else say(2, `Error: ${old.message}\n  ${old.hint}\n`)
    return
  }
  const said = early({ argv, cwd: process.cwd(), env: process.env }, version, () => readTexts(join(__dirname, 'help.json.br')))
  if (said) {
    process.exitCode = said.code
    say(1, said.out)
    say(2, said.err)
    return
  }
  void import('./main.ts').then(({ main }) => main(argv))
}

/** Quicker than `process.stdout`, which loads half of Node's network code. */
function say(fd: 1 | 2, text: string): void {
  let bytes = Buffer.from(text)
  try {
    while (bytes.length > 0) bytes = bytes.subarray(writeSync(fd, bytes))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // `ollama-stack --help | head` closes the pipe early, which is no mistake.
    if (code === 'EPIPE') return
    if (code !== 'EAGAIN') throw error
    // A pipe that is full, and whose reader made it non-blocking.
    process[fd === 1 ? 'stdout' : 'stderr'].write(bytes)
  }
}
