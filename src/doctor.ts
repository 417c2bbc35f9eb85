// Looks at everything that usually goes wrong, at once, and says what it found.

import { setMaxListeners } from 'node:events'
import { callable } from './cli/callable.ts'
import { OWNER, type Check, type Finding, type Verdict } from './doctor/check.ts'
import type { Facts } from './doctor/facts.ts'
import { CHECKS } from './doctor/list.ts'
import { codeOf, StackError } from './errors.ts'
import { harmless } from './ui/quoted.ts'
import type { Ui } from './ui/ui.ts'

export interface Group {
  group: string
  findings: Finding[]
}

/** Milliseconds that a check gets. They all run at once. */
const LIMIT_MS = 8000

export async function examine(facts: Facts, list = CHECKS): Promise<Group[]> {
  // Each check listens for Ctrl-C, and they all run at once.
  setMaxListeners(0, facts.signal)
  return Promise.all(list.map(async ({ group, checks }) => ({
    group,
    findings: (await Promise.all(checks.map((check) => look(check, facts)))).flat(),
  })))
}

/** A check that can't be carried out says so: that is no good news. */
async function look({ id, title, limit = LIMIT_MS, run }: Check, facts: Facts): Promise<Finding[]> {
  facts.signal.throwIfAborted()
  const end = new AbortController()
  const signal = AbortSignal.any([facts.signal, end.signal])
  const late = new Promise<Verdict>((resolve, reject) => {
    const timer = setTimeout(() => {
      resolve({ level: 'warn', evidence: `Gave no answer within ${limit / 1000} s`, hint: 'Run this again when the machine is less busy.' })
      end.abort()
    }, limit)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    })
  })
  try {
    const verdict = await Promise.race([Promise.resolve().then(() => run({ ...facts, signal })), late])
    return verdict === null ? [] : [{ id, title, ...verdict, evidence: said(verdict.evidence) }]
  } catch (error) {
    facts.signal.throwIfAborted()
    return [{ id, title, level: 'warn', ...unseen(error) }]
  } finally {
    end.abort()
  }
}

function unseen(error: unknown): Pick<Finding, 'evidence' | 'hint'> {
  const message = error instanceof Error ? error.message : String(error)
  const code = codeOf(error)
  const otherwise = code === 'EACCES' || code === 'EPERM' ? OWNER : 'Run this again; if it stays, please report it.'
  return { evidence: `Could not be looked at: ${said(message)}`, hint: (error instanceof StackError && error.hint) || otherwise }
}

/** Names of files and processes, and lines of a log, may hold anything. */
const said = (evidence: string): string => harmless(evidence).replace(/\.$/, '')

const WORDS: Record<Finding['level'], string> = { ok: 'ok', warn: 'WARN', fail: 'FAIL' }

/** A line for each check, with the fix below what isn't well; at last the count. */
export function printFindings(groups: readonly Group[], dir: string | undefined, ui: Ui): void {
  for (const { group, findings } of groups.filter((one) => one.findings.length > 0)) {
    ui.data(group)
    for (const { level, title, evidence, hint } of findings) {
      ui.data(`  ${WORDS[level].padEnd(4)}  ${title}: ${evidence.replace(/\n\s*/g, '\n        ')}`)
      if (level !== 'ok' && hint !== '') ui.data(callable(hint, dir).replace(/^/gm, '        -> '))
    }
  }
  const all = groups.flatMap(({ findings }) => findings)
  const count = (level: Finding['level'], word: string): string => {
    const number = all.filter((one) => one.level === level).length
    return `${number} ${word}${number === 1 || word === 'ok' ? '' : 's'}`
  }
  ui.data(`${all.length} checks: ${count('ok', 'ok')}, ${count('warn', 'warning')}, ${count('fail', 'failure')}.`)
}
