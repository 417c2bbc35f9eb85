// docs/*.svg, from a run of the real program on a real engine: the wizard, the tests after it, and `status`.
// What differs from run to run and says nothing is replaced at the same width: the keys, the place.

import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tmux, until } from '../terminal/keys.ts'
import { prepare } from './engine.ts'
import { must, say } from './shell.ts'
import { terminalSvg } from './terminal-svg.ts'

const root = join(import.meta.dirname, '..', '..')
const COLUMNS = 100
/** As long as `place`, which it stands for. */
const HOME = '/home/ann'
const KEY = /olsk_[A-Za-z0-9_-]{43}/g
const NO_KEY = 'olsk_a-new-one-in-each-run-this-one-is-long-gone'

export async function main(): Promise<void> {
  const images = await prepare()
  await must(process.execPath, [join(root, 'src/build.mjs')])
  const real = images.every(({ image, kind }) => !image.startsWith('ollama/') || kind === 'real')
  const place = `/tmp/${randomBytes(2).toString('hex')}`
  mkdirSync(place)
  const tmux = new Tmux()
  const write = (name: string, screen: string, title: string, description: string): void => {
    const text = screen.replaceAll(place, HOME).replace(KEY, NO_KEY)
    writeFileSync(join(root, 'docs', `${name}.svg`), terminalSvg(text, { title, description: `${description}${real ? '' : ' Ollama was the stand-in of the tests.'}`, columns: COLUMNS }))
    say('written', `docs/${name}.svg`)
  }
  try {
    const pane = tmux.open(`printf '$ npm create ollama-stack\\n\\n'; '${process.execPath}' '${join(root, 'dist/create.js')}'`, { cwd: place, columns: COLUMNS })
    const answer = async (question: string, text?: string): Promise<void> => {
      await pane.see(`◆  ${question}`)
      if (text !== undefined) {
        pane.key('C-u')
        pane.type(text)
      }
      pane.key('Enter')
    }
    await answer('Where should the project go?', 'my-ollama')
    await answer('How do people log in?')
    await answer('Who may log in?', 'ann bob:user')
    await answer('From where is it reachable?')
    await answer('Encrypt the connection?')
    await answer('On which port?')
    await answer('Which apps call')
    await answer('Which model')
    await answer('Make it?')
    const report = await until(() => pane.everything(), /exit \d+\s*$/, 180_000)
    if (!/exit 0\s*$/.test(report)) throw new Error(`The run failed:\n${report}`)
    const run = pane.coloured().replace(/\n[^\n]*exit 0[^]*$/, '\n').split('\n')
    const half = run.findIndex((line) => line.includes('Make it?'))
    write('wizard', run.slice(0, half + 2).join('\n'), 'npm create ollama-stack', 'A terminal in which the wizard asks where the project goes, how people log in, who they are, from where it is reachable, whether it is encrypted, the port, browser apps and a test model, then shows a summary and asks whether to make it.')
    write('test', run.slice(half + 3).join('\n'), 'npm create ollama-stack, after the last answer', 'The same terminal a few seconds later: the files are written, the stack is started, the model is pulled, each smoke test passes, and URL, keys and a command to try are shown.')

    const [, bob = ''] = report.match(KEY) ?? []
    const url = /^URL +(\S+)/m.exec(report)?.[1] ?? ''
    const chat = await fetch(`${url}/api/chat`, { method: 'POST', headers: { Authorization: `Bearer ${bob}` }, body: JSON.stringify({ model: 'gemma3:1b', messages: [{ role: 'user', content: 'Why is the sky blue?' }] }) })
    if (!chat.ok || (await chat.text()) === '') throw new Error(`bob's question was answered with ${chat.status}.`)
    const project = join(place, 'my-ollama')
    const status = tmux.open(`for line in 'status' 'user list' 'logs --user bob'; do printf '$ ./ollama-stack %s\\n' "$line"; ./ollama-stack $line; echo; done; true`, { cwd: project, columns: COLUMNS })
    await status.see('exit 0')
    write('status', status.coloured().replace(/\n[^\n]*exit 0[^]*$/, '\n'), 'a day with it', 'A terminal with the output of ollama-stack status, user list and logs: both services are healthy, ann and bob may log in, gemma3:1b is loaded, refused logins are counted, and a request of bob is in the log.')
  } finally {
    tmux.kill()
    const launcher = join(place, 'my-ollama', 'ollama-stack')
    if (existsSync(launcher)) await must(launcher, ['down', '--volumes', '--yes'])
    rmSync(place, { recursive: true, force: true })
  }
}
