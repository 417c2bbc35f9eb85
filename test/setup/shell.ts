// Running other programs.

import { spawn } from 'node:child_process'

/** Ends the preparation with words that say what to do. */
export class Stop extends Error {
  override name = 'Stop'
}

export interface Outcome {
  /** null when the program isn't there or was ended by `seconds`. */
  code: number | null
  out: string
  err: string
}

export interface Options {
  env?: NodeJS.ProcessEnv
  cwd?: string
  /** Ended after so long. */
  seconds?: number
}

export function run(command: string, args: string[], { env, cwd, seconds }: Options = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...(seconds === undefined ? {} : { timeout: seconds * 1000 }),
    })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.on('error', (error) => resolve({ code: null, out, err: error.message }))
    child.on('close', (code) => resolve({ code, out, err }))
  })
}

/** Throws with the program's last words when it fails. */
export async function must(command: string, args: string[], options: Options = {}): Promise<string> {
  const { code, out, err } = await run(command, args, options)
  if (code === 0) return out
  const words = `${out}\n${err}`.trim().split('\n').slice(-15).join('\n')
  throw new Stop(`${command} ${args.slice(0, 3).join(' ')} … failed (${code ?? 'not run to its end'}):\n${words}`)
}

/** On stderr: stdout is for what a program of ours prints. */
export const say = (what: string, text: string): void => console.error(`${what.padEnd(8)} ${text}`)
