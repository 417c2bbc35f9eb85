// Two terminals to press keys in: one in this process, for the wizard alone, and a real one (tmux).

import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { PassThrough, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

export const ENTER = '\r'
export const DOWN = '\x1b[B'
export const CTRL_C = '\x03'
export const CTRL_D = '\x04'
/** Empties the line. */
export const CTRL_U = '\x15'

/** Waits until what is on the screen matches; a failure shows the screen. */
export async function until(screen: () => string, wanted: string | RegExp, within = 5000): Promise<string> {
  for (const end = Date.now() + within; ; await sleep(10)) {
    const now = screen()
    if (typeof wanted === 'string' ? now.includes(wanted) : wanted.test(now)) return now
    if (Date.now() > end) throw new Error(`not on the screen within ${within} ms: ${wanted}\n${now}`)
  }
}

export interface FakeTerminal {
  input: PassThrough & { isTTY: true; raw: boolean; setRawMode(on: boolean): void }
  output: Writable & { isTTY: true; columns: number; rows: number }
  press(...keys: string[]): void
  /** What a person sees now, everything scrolled away included. */
  screen(): string
  /** All that was ever written, codes included. */
  written(): string
  see(wanted: string | RegExp): Promise<string>
}

/** 80 columns; understands as many escape codes as clack and spin use, and throws on another one. */
export function fakeTerminal(columns = 80): FakeTerminal {
  let written = ''
  const input = Object.assign(new PassThrough(), { isTTY: true as const, raw: false, setRawMode: (on: boolean) => void (input.raw = on) })
  const output = Object.assign(new Writable({
    decodeStrings: false,
    write: (text: string, _, done) => {
      written += text
      done()
    },
  }), { isTTY: true as const, columns, rows: 24 })
  const screen = (): string => paint(written)
  return {
    input, output, screen,
    press: (...keys) => keys.forEach((key) => input.write(key)),
    written: () => written,
    see: (wanted) => until(screen, wanted),
  }
}

function paint(written: string): string {
  const lines: string[][] = [[]]
  let [x, y] = [0, 0]
  const line = (): string[] => {
    while (lines.length <= y) lines.push([])
    return lines[y] as string[]
  }
  for (const [part, count = '', code] of written.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|[\s\S]/gu)) {
    const n = Number(count || 1)
    if (part === '\n') [x, y] = [0, y + 1]
    else if (part === '\r') x = 0
    else if (code === undefined) {
      while (line().length < x) line().push(' ')
      line()[x++] = part
    } else if (code === 'A') y = Math.max(0, y - n)
    else if (code === 'B') y += n
    else if (code === 'C') x += n
    else if (code === 'D') x = Math.max(0, x - n)
    else if (code === 'G') x = n - 1
    else if (code === 'J') lines.splice(y, Infinity, line().slice(0, x))
    else if (code === 'K') line().splice(count === '2' ? 0 : x)
    else if (!'mhl'.includes(code)) throw new Error(`the fake terminal can't ${JSON.stringify(part)}`)
  }
  return lines.map((chars) => chars.join('').trimEnd()).join('\n')
}

/** A tmux server of one's own, with nothing of the user's configuration. */
export class Tmux {
  readonly #socket = `ollama-stack-test-${process.pid}`
  #count = 0

  run(...args: string[]): string {
    return execFileSync('tmux', ['-u', '-L', this.#socket, '-f', '/dev/null', ...args], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  }

  /** Runs a command in a terminal; when it ends, the screen says `exit CODE`. */
  open(command: string, { cwd, columns = 80, env = {} }: { cwd: string; columns?: number; env?: Record<string, string> }): Pane {
    const name = `t${++this.#count}`
    const variables = Object.entries(env).flatMap(([key, value]) => ['-e', `${key}=${value}`])
    this.run('new-session', '-d', '-s', name, '-x', String(columns), '-y', '24', '-c', cwd, ...variables, `${command}; echo "exit $?"; exec cat`)
    return new Pane(this, name)
  }

  kill(): void {
    if (this.#count === 0) return
    // tmux leaves the file behind.
    const path = this.run('display-message', '-p', '#{socket_path}').trim()
    this.run('kill-server')
    rmSync(path, { force: true })
  }
}

export class Pane {
  readonly #tmux: Tmux
  readonly #name: string

  constructor(tmux: Tmux, name: string) {
    this.#tmux = tmux
    this.#name = name
  }

  /** tmux's names: `Enter`, `Down`, `C-c`. */
  key(...names: string[]): void {
    this.#tmux.run('send-keys', '-t', this.#name, ...names)
  }

  type(text: string): void {
    this.#tmux.run('send-keys', '-t', this.#name, '-l', text)
  }

  screen(): string {
    return this.#tmux.run('capture-pane', '-p', '-t', this.#name)
  }

  /** With what scrolled away, and wrapped lines joined. */
  everything(): string {
    return this.#tmux.run('capture-pane', '-p', '-J', '-S', '-', '-t', this.#name)
  }

  /** Everything as it lies on the screen, with its colour codes. */
  coloured(): string {
    return this.#tmux.run('capture-pane', '-p', '-e', '-S', '-', '-t', this.#name)
  }

  see(wanted: string | RegExp, within = 10_000): Promise<string> {
    return until(() => this.screen(), wanted, within)
  }

  cursorVisible(): boolean {
    return this.#tmux.run('display-message', '-p', '-t', this.#name, '#{cursor_flag}').trim() === '1'
  }
}
