// What npm put on the disk, and what it said meanwhile.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Of the package that this clone would publish. */
export const { version: VERSION } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as { version: string }

export interface Installed {
  packages: string[]
  /** Of these, the ones that run something when they are installed. */
  withScripts: string[]
  /** What the files hold. */
  bytes: number
  /** What they take on a disk that gives each file whole blocks. */
  disk: number
}

/** One folder of packages, such as npx makes. */
export function installed(modules: string): Installed {
  const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8')) as { packages: Record<string, { hasInstallScript?: boolean }> }
  return { packages: Object.keys(packages), withScripts: Object.keys(packages).filter((name) => packages[name]?.hasInstallScript), ...sizes(modules) }
}

const BLOCK = 4096

/** Without npm's own notes and the links in `.bin`. */
export function sizes(folder: string): { bytes: number; disk: number } {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.split(/[\\/]/).some((part) => part === '.bin' || part === '.package-lock.json'))
    .map((path) => statSync(join(folder, path)))
  const of = (sizes: number[]): number => sizes.reduce((sum, size) => sum + size, 0)
  return {
    bytes: of(files.filter((file) => file.isFile()).map(({ size }) => size)),
    disk: of(files.map(({ size }) => Math.ceil(size / BLOCK) * BLOCK)),
  }
}

/** The folders that npx made in this home, one for each thing that was asked for. */
export function npxFolders(home: string): string[] {
  const cache = join(home, '.npm', '_npx')
  return readdirSync(cache).map((name) => join(cache, name, 'node_modules'))
}

/** npm's own lines, but those that it always writes: what it would have asked, and, from npm 12 on, what it runs. */
export function npmSaid(err: string): string[] {
  return err.split('\n').filter((line) => line.startsWith('npm ') && !/^npm (?:warn exec The following package was not found and will be installed: create-ollama-stack@\S+$|notice run )/.test(line))
}
