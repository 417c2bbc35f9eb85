import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { FileMap } from '../../stacks/stack.ts'
import { damaged } from '../backup/archive.ts'
import { decryptBackup, openBackup } from '../backup/backup.ts'
import { knownPassphrase, passphraseFlag } from '../backup/passphrase.ts'
import { ownedBy } from '../backup/owner.ts'
import { inTheWay } from '../backup/room.ts'
import { launcher } from '../cli/callable.ts'
import { define, type Context } from '../cli/command.ts'
import { parseCompose } from '../compose.ts'
import { checkDirectory, directoryName } from '../questions/directory.ts'
import { connect } from '../engine.ts'
import { StackError, UsageError } from '../errors.ts'
import { loadProject, type Project } from '../project/project.ts'
import { shownPath } from '../ui/quoted.ts'
import { proxyUser } from '../project/proxy-user.ts'
import { writeProject } from '../project/scaffold.ts'
import { projectName } from '../questions/values.ts'

export const command = define({
  name: 'restore',
  summary: 'A project from a backup, into a new directory',
  usage: 'ollama-stack restore FILE [DIR] [--passphrase-stdin]',
  examples: ['ollama-stack restore home-ollama-backup.tar.gz', 'ollama-stack restore backup.tar.gz ~/home-ollama --passphrase-stdin'],
  flags: { 'passphrase-stdin': passphraseFlag, dir: { short: 'C', value: 'DIR', help: 'Another way to write the directory' } },
  positionals: ['FILE', '[DIR]'],
  async run({ args, flags }, context) {
    const { cwd, json, ui, signal } = context
    if (args[1] !== undefined && flags.dir !== undefined) throw new UsageError('E_ARGUMENT', 'The directory was given twice, as an argument and with --dir.', 'Give it once.')
    const path = regularFile(resolve(cwd, args[0] ?? ''))
    const opened = await openBackup(path)
    const dir = resolve(cwd, directoryName(args[1] ?? flags.dir ?? projectName(opened.manifest.project)))
    checkDirectory(dir)
    const compose = ownedBy(String(opened.files.get('compose.yaml')), proxyUser())
    // Before the passphrase: nobody should type it for nothing.
    const warnings = await look(compose, join(dir, 'compose.yaml'), context)
    if (opened.manifest.kdf === null) warnings.push('This backup was made without a passphrase, so nothing shows whether somebody changed it since.')
    const passphrase = opened.manifest.kdf || flags['passphrase-stdin'] ? await knownPassphrase(flags['passphrase-stdin'] === true, path, context) : null
    const files: FileMap = await ui.step(`Check ${opened.files.size} files`, () => decryptBackup(path, opened, passphrase))
    files.set('compose.yaml', { content: compose, mode: 0o644 })
    signal.throwIfAborted()
    // The record of what the program wrote is among them.
    await ui.step(`Write ${files.size} files to ${dir}`, async () => writeProject(dir, files, new Map()))
    const project = loaded(dir, warnings)
    for (const warning of warnings) ui.warn(warning)
    const keys = Object.keys(opened.manifest.keys).length
    if (json) return ui.data(JSON.stringify({ project: project && { dir, name: project.name, auth: project.stack.id, url: project.url, tls: project.tls, ca: project.ca }, dir, files: files.size, keys, made: opened.manifest.made, warnings }))
    ui.data(`${opened.manifest.project} is back in ${dir}, as it was on ${opened.manifest.made.slice(0, 10)}: ${files.size} files${keys === 0 ? '' : `, ${keys} private ${keys === 1 ? 'key' : 'keys'} decrypted`}. Every credential counts as before.`)
    ui.data(`Start it:      ${launcher(dir)} up`)
    if (project?.model) ui.data(`Models again:  ${launcher(dir)} pull ${project.model}`)
  },
})

/** Also says no to a pipe, which would be waited for. */
function regularFile(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) throw new UsageError('E_BACKUP', `There is no file ${shownPath(path)}.`, 'Give a file that `ollama-stack backup` wrote.')
  if (!stat.isFile()) throw damaged(shownPath(path), 'it is not a file.')
  return path
}

/** Throws E_PROJECT_EXISTS. What can't be looked at is no reason to keep the files from their owner. */
async function look(compose: string, path: string, { env, signal }: Context): Promise<string[]> {
  try {
    const file = parseCompose(compose, path)
    return await inTheWay(await connect({ env, signal }), file)
  } catch (error) {
    if (signal.aborted || !(error instanceof StackError) || error.code === 'E_PROJECT_EXISTS') throw error
    return [`Whether this machine has room for it wasn't looked at: ${error.message}`]
  }
}

/** Its owner may have edited it into something that only docker compose takes: it is given back all the same. */
function loaded(dir: string, warnings: string[]): Project | null {
  try {
    return loadProject(dir)
  } catch (error) {
    if (!(error instanceof StackError)) throw error
    warnings.push(error.message)
    return null
  }
}
