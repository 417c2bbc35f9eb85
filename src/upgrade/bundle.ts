// The project's own copy of the program.

import { join, relative, resolve } from 'node:path'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import fs from 'fs-extra'
import { shellWord } from '../ui/shell-word.ts'
import { bundleDir } from '../paths.ts'

const NAME = '.ollama-stack'

/** Whether it is another one than the program that runs. */
export function bundleDiffers(dir: string): boolean {
  const own = join(dir, NAME)
  if (resolve(bundleDir) === resolve(own) || !existsSync(bundleDir)) return false
  if (!existsSync(own)) return true
  const [ours, theirs] = [filesIn(bundleDir), filesIn(own)]
  return ours.length !== theirs.length || ours.some((path, index) => path !== theirs[index] || !readFileSync(join(bundleDir, path)).equals(readFileSync(join(own, path))))
}

/** What to type to have this very program upgrade the project: where it isn't the project's own copy, that one is older. */
export function upgradeCall(dir: string, program = bundleDir): string {
  return resolve(program) === resolve(dir, NAME) ? 'ollama-stack upgrade' : `npx -p create-ollama-stack@latest ollama-stack upgrade -C ${shellWord(dir)}`
}

/** Copied beside it first: a full disk, or a program that holds a file of it, leaves the old one. */
export function replaceBundle(dir: string): void {
  const [own, fresh, old] = [NAME, `${NAME}.new`, `${NAME}.old`].map((name) => join(dir, name)) as [string, string, string]
  rmSync(fresh, { recursive: true, force: true })
  rmSync(old, { recursive: true, force: true })
  try {
    fs.copySync(bundleDir, fresh)
    if (existsSync(own)) renameSync(own, old)
    renameSync(fresh, own)
  } catch (error) {
    if (!existsSync(own) && existsSync(old)) renameSync(old, own)
    throw error
  } finally {
    rmSync(fresh, { recursive: true, force: true })
    rmSync(old, { recursive: true, force: true })
  }
}

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => relative(dir, join(entry.parentPath, entry.name))).sort()
}
