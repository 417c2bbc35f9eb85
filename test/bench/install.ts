// The way of a newcomer's first command: `npm run bench -- install`. Ours, create-vite and sv from the same registry on
// loopback, each time with an empty home, in turns. All have one version there: a long history would cost npm time too.

import { readdirSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { npxFolders, installed, type Installed } from '../first/installed.ts'
import { openRegistry, type Registry } from '../first/registry.ts'
import { stranger } from '../first/stranger.ts'
import { registry as registryInstalled } from '../setup/packages.ts'
import { must, say, Stop } from '../setup/shell.ts'
import { inTurns, median, untilInterrupted } from './turns.ts'

const ROUNDS = 9
/** What a first command may take of create-vite's. */
const AT_MOST = 1.2
const root = join(import.meta.dirname, '../..')

interface Tool {
  name: string
  /** Installs it and has it print its help. */
  help: string[]
  /** Installs it and has it write a project, without installing or starting what is in there. */
  project: string[]
}

const TOOLS: readonly Tool[] = [
  { name: 'create-vite', help: ['npm', 'create', 'vite@latest', '--', '--help'], project: ['npm', 'create', 'vite@latest', 'my-app', '--', '--template', 'vanilla-ts', '--no-interactive'] },
  { name: 'create-ollama-stack', help: ['npm', 'create', 'ollama-stack@latest', '--', '--help'], project: ['npm', 'create', 'ollama-stack@latest', 'my-stack', '--', '--no-start', '--yes'] },
  { name: 'sv', help: ['npx', 'sv@latest', '--help'], project: ['npx', 'sv@latest', 'create', 'my-app', '--template', 'minimal', '--types', 'ts', '--no-add-ons', '--no-install'] },
]

/** Seconds, and what was installed for them. */
interface Run extends Installed {
  seconds: number
}

export async function main([, ...rest]: string[]): Promise<number> {
  if (rest.length > 0) throw new Stop(`${rest[0]}?\nUsage: npm run bench -- install`)
  await registryInstalled()
  await must(process.execPath, [join(root, 'src/build.mjs')])
  const registry = await openRegistry()
  let rows: string[] = []
  let worst = Number.NaN
  try {
    await untilInterrupted(async (check) => {
      await registry.publish(root)
      await publishPeers(registry)
      const doers = TOOLS.flatMap(({ help, project }) => [help, project]).map((command) => () => {
        check()
        return cold(registry, command)
      })
      const runs = await inTurns(ROUNDS, doers, (round) => say('round', `${round} of ${ROUNDS}`))
      const of = (tool: number, what: number): Run[] => runs[tool * 2 + what] ?? []
      const times = (tool: number, what: number): number => median(of(tool, what).map(({ seconds }, index) => seconds / (of(0, what)[index]?.seconds ?? Number.NaN)))
      rows = TOOLS.map(({ name }, tool) => `| ${name} | ${sizesOf(of(tool, 0))} | ${[0, 1].map((what) => `${median(of(tool, what).map(({ seconds }) => seconds)).toFixed(2)} | ${times(tool, what).toFixed(2)}`).join(' | ')} |`)
      worst = Math.max(times(1, 0), times(1, 1))
    })
  } finally {
    await registry.close()
  }
  console.log(['| first command, nothing cached | packages | MB | to its help, s | times create-vite | to a project, s | times create-vite |', '|---|---|---|---|---|---|---|', ...rows].join('\n'))
  if (worst <= AT_MOST) return 0
  console.error(`create-ollama-stack took ${worst.toFixed(2)} times as long as create-vite; ${AT_MOST} is the most it may.`)
  return 1
}

/** The newest of each that this Node can run, with what they depend on, as npm installs them here. */
async function publishPeers(registry: Registry): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'bench-install-'))
  try {
    await mkdir(join(dir, 'node_modules'))
    await must('npm', ['install', '--prefix', dir, '--ignore-scripts', '--no-audit', '--no-fund', 'create-vite', 'sv'])
    const { packages } = JSON.parse(await readFile(join(dir, 'node_modules/.package-lock.json'), 'utf8')) as { packages: Record<string, { version: string }> }
    for (const [path, { version }] of Object.entries(packages)) {
      const spec = `${path.replace(/.*node_modules\//, '')}@${version}`
      say('peer', spec)
      await registry.publish(spec)
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function cold(registry: Registry, [command = '', ...args]: string[]): Promise<Run> {
  const somebody = stranger(registry.url)
  try {
    const start = performance.now()
    const { code, out, err } = await somebody.run(command, ...args)
    const seconds = (performance.now() - start) / 1000
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${code}\n${out}${err}`)
    if (!args.includes('--help') && readdirSync(somebody.here).length === 0) throw new Error(`${command} ${args.join(' ')} wrote nothing\n${out}${err}`)
    const [folder = ''] = npxFolders(somebody.home)
    return { seconds, ...installed(folder) }
  } finally {
    somebody.leave()
  }
}

const sizesOf = ([first]: readonly Run[]): string => `${first?.packages.length} | ${((first?.disk ?? Number.NaN) / 1_000_000).toFixed(2)}`
