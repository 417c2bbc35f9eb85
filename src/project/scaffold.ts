// Writes a new project in one go: everything into a staging directory beside the target,
// then one rename. A failure leaves nothing behind.

import { mkdtempSync, readdirSync, renameSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import fs from 'fs-extra'
import type { Change, FileMap } from '../../stacks/stack.ts'
import { onPosix, shellWord } from '../ui/shell-word.ts'
import { applyChange, handOver, isFull } from './disk.ts'
import { bundleDir } from '../paths.ts'
import { NOBODY } from './proxy-user.ts'
import { StackError } from '../errors.ts'
import { plainTexts, recordOf } from './state.ts'

/** `dir` must be new or empty (see directory.ts). `record`: of what the program wrote, for later merges. */
export function writeProject(dir: string, files: FileMap, record: Change = recordOf(plainTexts(files))): void {
  if (!fs.existsSync(join(bundleDir, 'ollama-stack.js'))) {
    throw new StackError('E_NO_BUNDLE', `The bundle that each project gets a copy of isn't at ${bundleDir}.`, {
      hint: 'In a checkout of the source: npm run build',
    })
  }
  const staging = stagingBeside(dir)
  try {
    fs.chmodSync(staging, 0o755)
    applyChange(staging, files)
    applyChange(staging, record)
    fs.copySync(bundleDir, join(staging, '.ollama-stack'))
    if (process.getuid?.() === 0) handOver(staging, ['credentials', 'certs/server', 'certs/acme'], NOBODY, NOBODY)
    if (fs.existsSync(dir)) fillEmpty(staging, dir)
    else renameSync(staging, dir)
  } catch (cause) {
    if (!isFull(cause)) throw cause
    throw new StackError('E_DISK_FULL', `The disk is full: ${dir} could not be written. Nothing was left there.`, { hint: `Free some space${onPosix(` (df -h ${shellWord(dirname(dir))})`)}, then run the same command again.`, cause })
  } finally {
    fs.removeSync(staging)
  }
}

function stagingBeside(dir: string): string {
  try {
    fs.mkdirpSync(dirname(dir))
    return mkdtempSync(join(dirname(dir), `.${basename(dir)}.`))
  } catch (cause) {
    throw new StackError('E_DIR_DENIED', `${dirname(dir)} can't be written to: ${(cause as Error).message}. Nothing was written.`, { hint: 'Choose another directory.', cause })
  }
}

/** An existing empty directory stays the same one: it may be somebody's working directory. */
function fillEmpty(staging: string, dir: string): void {
  const moved: string[] = []
  try {
    for (const name of readdirSync(staging)) {
      renameSync(join(staging, name), join(dir, name))
      moved.push(name)
    }
  } catch (error) {
    for (const name of moved) fs.removeSync(join(dir, name))
    throw error
  }
}
