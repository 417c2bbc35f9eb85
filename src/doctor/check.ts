// What a check is: a row with a name and a function from facts to a verdict.

import type { Facts } from './facts.ts'

export type Level = 'ok' | 'warn' | 'fail'

export interface Verdict {
  level: Level
  /** A sentence: what was found, and where. */
  evidence: string
  /** What to do about it; empty when nothing is to be done. */
  hint: string
}

export interface Finding extends Verdict {
  id: string
  title: string
}

export interface Check {
  id: string
  /** The subject, not a verdict: `Disk space`. */
  title: string
  /** Milliseconds, where the usual limit is too short. */
  limit?: number
  /** null: it says nothing about this machine or project, and is left out. */
  run(facts: Facts): Verdict | null | Promise<Verdict | null>
}

/** The fix for whatever this user may not read. */
export const OWNER = 'Run this as the owner of the project, or with sudo.'

export const ok = (evidence: string): Verdict => ({ level: 'ok', evidence, hint: '' })
export const warn = (evidence: string, hint: string): Verdict => ({ level: 'warn', evidence, hint })
export const fail = (evidence: string, hint: string): Verdict => ({ level: 'fail', evidence, hint })

/** Several things found by one check: the worst level, each sentence and each fix once; `ok` when there is none. */
export function worst(found: readonly Verdict[], otherwise: Verdict | null): Verdict | null {
  if (found.length === 0) return otherwise
  const all = (key: 'evidence' | 'hint', between: string): string => [...new Set(found.map((one) => one[key]))].join(between)
  return { level: found.some(({ level }) => level === 'fail') ? 'fail' : 'warn', evidence: all('evidence', '; '), hint: all('hint', '\n') }
}

type With<K extends 'engine' | 'project'> = Facts & { [P in K]: NonNullable<Facts[P]> }
type Row<F> = Omit<Check, 'run'> & { run(facts: F): ReturnType<Check['run']> }

/** Checks of a project, left out where there is none. */
export function ofProject(row: Row<With<'project'>>): Check {
  return { ...row, run: (facts) => (facts.project ? row.run({ ...facts, project: facts.project }) : null) }
}

/** Checks that ask the engine, left out where none answers: that is a finding of its own. */
export function ofEngine(row: Row<With<'engine'>>): Check {
  return { ...row, run: (facts) => (facts.engine ? row.run({ ...facts, engine: facts.engine }) : null) }
}

/** Checks of what the engine has of a project. */
export function ofBoth(row: Row<With<'engine' | 'project'>>): Check {
  return { ...row, run: (facts) => (facts.engine && facts.project ? row.run({ ...facts, engine: facts.engine, project: facts.project }) : null) }
}
