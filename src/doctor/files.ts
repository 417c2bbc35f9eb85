// Files of the project: who may read and write them, and where they may not be.

import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, win32 } from 'node:path'
import { credentialProblems, unreadable } from '../people/credential-problems.ts'
import { shellWord } from '../ui/shell-word.ts'
import { PROJECT_TREES } from '../project/files.ts'
import type { Project } from '../project/project.ts'
import { STATE } from '../project/state.ts'
import { fail, ofProject, ok, warn, worst, type Check, type Verdict } from './check.ts'

export const fileChecks: Check[] = [
  ofProject({
    id: 'credentials',
    title: 'Credential files',
    run: ({ project }) => worst(credentialProblems(project).map(({ message, hint }) => fail(message, hint)), ok(`every line of credentials/ counts, and the proxy (user ${project.file.services['proxy']?.user ?? 'root'}) may read it`)),
  }),
  ofProject({
    id: 'file-modes',
    title: 'Modes and owners of files',
    run: ({ project, platform, home }) => (platform === 'win32' ? inProfile(project.dir, home) : worst(openFiles(project), ok('credentials and private keys are for their owner alone, and nobody else may change what runs'))),
  }),
  ofProject({
    id: 'ca-key',
    title: "The CA's private key",
    run: ({ project }) => (existsSync(join(project.dir, 'certs/ca.key')) ? worst(mountedCaKey(project), ok('no container has it')) : null),
  }),
  ofProject({
    id: 'git',
    title: 'Secrets in git',
    async run({ project, run }) {
      const listed = await run('git', ['ls-files', '-z', '--', 'credentials', 'certs'], project.dir)
      if (listed === null || listed.code !== 0) return null
      const secret = listed.stdout.split('\0').filter((path) => isSecret(path))
      if (secret.length === 0) return ok('none is tracked')
      return fail(`git tracks ${secret.length === 1 ? secret[0] : `${secret.length} files with credentials or private keys, such as ${secret[0]}`}`,
        `Take them out: git rm -r --cached credentials certs && git commit   What was pushed is known to others: make those anew (ollama-stack user rotate NAME).`)
    },
  }),
]

/** Windows has no modes: a folder is as open as the one that it is in, and only the own profile is closed to other people. */
function inProfile(dir: string, home: string): Verdict {
  const way = win32.relative(home, dir)
  if (way !== '' && !way.startsWith('..') && !win32.isAbsolute(way)) return ok('Windows keeps no modes; the project is in your profile, which other people of this machine may not read')
  return warn(`Windows keeps no modes, and ${dir} is not in your profile, so others of this machine may be able to read credentials and keys`,
    `Close it to others: icacls "${dir}" /inheritance:r /grant:r "%USERNAME%:(OI)(CI)F"   (in cmd; or move the project below ${home})`)
}

/** Project paths of what only its owner may read. */
function isSecret(path: string): boolean {
  return path.startsWith('credentials/') || /^certs\/.*\.(?:key|p12)$/.test(path) || /^certs\/acme\/(?!README\.md$|root\.crt$)/.test(path)
}

/** Modes that let others read secrets or write what runs, and keys that the proxy can't read. */
export function openFiles(project: Pick<Project, 'dir' | 'file'>): Verdict[] {
  const { dir } = project
  const found: Verdict[] = []
  const look = (path: string): void => {
    const full = join(dir, path)
    const stat = lstatSync(full, { throwIfNoEntry: false })
    if (!stat || stat.isSymbolicLink()) return
    const mode = stat.mode & 0o777
    const secret = isSecret(path) || ['credentials', 'certs', STATE].includes(path)
    const shown = `${path} has mode ${mode.toString(8).padStart(4, '0')}`
    if (secret && (mode & 0o077) !== 0) found.push(fail(`${shown}, which lets others ${(mode & 0o022) === 0 ? 'read' : 'change'} it`, `chmod ${stat.isDirectory() ? '700' : '600'} ${shellWord(full)}`))
    else if ((mode & 0o002) !== 0) found.push(fail(`${shown}, which lets everybody on this machine change what runs`, `chmod o-w ${shellWord(full)}`))
    if (stat.isDirectory()) for (const name of readdirSync(full).sort()) look(`${path}/${name}`)
  }
  for (const path of [...PROJECT_TREES, 'compose.yaml', 'ollama-stack', '.ollama-stack']) look(path)
  if ((statSync(dir).mode & 0o002) !== 0) found.push(fail(`${dir} itself may be changed by everybody on this machine`, `chmod o-w ${shellWord(dir)}`))
  return [...found, ...unreadable(project, 'certs/server', 'so it starts without a certificate, or not at all').map(({ message, hint }) => fail(message, hint))]
}

/** Mounts that hold the CA's key, in its place or as a copy. */
function mountedCaKey({ dir, file }: Pick<Project, 'dir' | 'file'>): Verdict[] {
  const key = join(dir, 'certs', 'ca.key')
  const text = readFileSync(key)
  return Object.entries(file.services).flatMap(([service, { volumes = [] }]) => volumes.flatMap(({ type, source = '' }): Verdict[] => {
    if (type !== 'bind') return []
    const from = resolve(dir, source)
    const way = relative(from, key)
    const at = way === '' || (!way.startsWith('..') && !isAbsolute(way)) ? key : copyIn(from, text)
    return at === null ? [] : [fail(`The container of ${service} has ${at}, with which it could make certificates that everybody here trusts`, at === key ? `Mount certs/server instead of ${source}, or move the key away: it is only needed for new certificates.` : `rm ${shellWord(at)}`)]
  }))
}

function copyIn(folder: string, key: Buffer): string | null {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return null
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
    .find((path) => lstatSync(path).isFile() && lstatSync(path).size === key.length && readFileSync(path).equals(key)) ?? null
}
