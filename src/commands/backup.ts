import { existsSync, lstatSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { keysIn, makeBackup } from '../backup/backup.ts'
import { readContents } from '../backup/contents.ts'
import { newPassphrase, passphraseFlag } from '../backup/passphrase.ts'
import { bytes } from '../ui/bytes.ts'
import { define } from '../cli/command.ts'
import { shellWord } from '../ui/shell-word.ts'
import { unusedPath, writeWhole } from '../project/disk.ts'
import { UsageError } from '../errors.ts'
import { finishApply } from '../project/journal.ts'
import { findProject, loadName } from '../project/project.ts'
import { shownPath } from '../ui/quoted.ts'
import { alone } from '../running/up.ts'

export const command = define({
  name: 'backup',
  summary: 'The project in one file, its private keys encrypted; models stay out',
  usage: 'ollama-stack backup [FILE] [--passphrase-stdin]',
  examples: ['ollama-stack backup', 'ollama-stack backup /media/usb/home-ollama.tar.gz --passphrase-stdin'],
  flags: { 'passphrase-stdin': passphraseFlag },
  positionals: ['[FILE]'],
  async run({ args, flags }, context) {
    const { cwd, json, ui, signal } = context
    const now = new Date()
    const project = loadName(findProject(cwd, flags.dir))
    const named = args[0] === undefined ? null : resolve(cwd, args[0])
    if (named !== null) refuseFile(named)
    // Nobody adds or removes a person meanwhile: the files belong together.
    finishApply(project.dir)
    const { files, left } = await alone(project, ui, signal, async () => readContents(project.dir))
    const keys = keysIn(files)
    const sealed = keys.size > 0 || flags['passphrase-stdin'] === true
    const passphrase = sealed ? await newPassphrase(flags['passphrase-stdin'] === true, keys.size, context) : null
    const content = await ui.step(`Pack ${files.size} files`, () => makeBackup(project.name, files, passphrase, now))
    signal.throwIfAborted()
    if (named !== null) refuseFile(named)
    const usual = join(outside(cwd, project.dir), `${project.name}-backup-${now.toISOString().slice(0, 19).replace(/[:T]/g, '-')}`)
    const file = named ?? unusedPath((more) => `${usual}${more}.tar.gz`)
    writeWhole(file, { content, mode: 0o600 })
    if (inGit(file)) ui.warn(`${file} is inside a git work tree. Who has it can guess at the passphrase and at passwords: don't commit it.`)
    if (left.length > 0) ui.warn(`Not in it, since it is no part of the stack: ${left.join(', ')}`)
    if (json) return ui.data(JSON.stringify({ file, project: project.name, files: [...files.keys()], keys: [...keys.keys()], left }))
    ui.data(`${file} (${bytes(content.length)}): ${files.size} files${keys.size === 0 ? '' : `, ${keys.size} private ${keys.size === 1 ? 'key' : 'keys'} encrypted`}. Models are not in it.`)
    ui.data(`${sealed ? 'Keep the passphrase apart from it: without it nobody gets in any more' : 'Keep it like a secret'}. To restore it, on this machine or another:`)
    ui.data(`  npx -p create-ollama-stack@latest ollama-stack restore ${shellWord(file)} ${project.name}`)
  },
})

/** Within the project it would go the way of the project: the directory above, then. */
function outside(cwd: string, dir: string): string {
  return relative(dir, cwd).split(sep)[0] === '..' ? cwd : dirname(dir)
}

/** Throws E_FILE. */
function refuseFile(file: string): void {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  const hint = 'Name a new file: ollama-stack backup FILE'
  if (stat) throw new UsageError('E_FILE', `${shownPath(file)} exists${stat.isDirectory() ? ' and is a directory' : ''}, and nothing is overwritten.`, hint)
  if (!existsSync(dirname(file))) throw new UsageError('E_FILE', `There is no directory ${shownPath(dirname(file))}.`, `Make it: mkdir -p ${shellWord(dirname(file))}`)
}

function inGit(file: string): boolean {
  for (let at = dirname(file); ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return true
    if (at === dirname(at)) return false
  }
}
