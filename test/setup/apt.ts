// What comes from Debian: the engine, the Compose plugin, and the programs that tests use.

import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { must, run, Stop } from './shell.ts'

export const hasApt = (): boolean => process.platform === 'linux' && existsSync('/usr/bin/apt-get')
export const canInstall = (): boolean => hasApt() && process.getuid?.() === 0

let updated: Promise<string> | undefined

export async function install(...packages: string[]): Promise<void> {
  updated ??= must('apt-get', ['update', '-q'])
  await updated
  await must('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env: { DEBIAN_FRONTEND: 'noninteractive' } })
}

/** The program's package, by the program's name. */
const TOOLS: Record<string, string> = {
  openssl: 'openssl',
  curl: 'curl',
  python3: 'python3',
  certutil: 'libnss3-tools',
  'gnutls-cli': 'gnutls-bin',
  luajit: 'luajit',
  tmux: 'tmux',
  faketime: 'faketime',
  ip: 'iproute2',
  sslscan: 'sslscan',
  testssl: 'testssl.sh',
}

export async function onPath(program: string): Promise<boolean> {
  return (await run('sh', ['-c', `command -v ${program}`])).code === 0
}

/** Installs what is missing of the tests' programs. Returns a line about them. */
export async function tools(): Promise<string> {
  const found = await Promise.all(Object.keys(TOOLS).map(async (program) => ({ program, there: await onPath(program) })))
  const missing = found.filter(({ there }) => !there).map(({ program }) => program)
  if (missing.length === 0) return found.map(({ program }) => program).join(' ')
  if (!canInstall()) throw new Stop(`Tests use programs that are missing here. Install them:\n  sudo apt-get install ${missing.map((program) => TOOLS[program] ?? program).join(' ')}`)
  await install(...missing.map((program) => TOOLS[program] ?? program))
  return `${found.map(({ program }) => program).join(' ')} (installed ${missing.join(' ')})`
}

/**
 * Compose v2 as a plugin of this user's docker client, from Debian sid, whose package is static
 * enough for older systems. apt works on a sources list of its own; the archive's address is what
 * this machine's own apt uses, so that a mirror or proxy is kept.
 */
export async function installCompose(): Promise<void> {
  if (!hasApt()) throw new Stop('Docker Compose v2 is missing, and so is apt. Install it: https://docs.docker.com/compose/install/')
  const dir = await mkdtemp(join(tmpdir(), 'compose-plugin-'))
  try {
    const archive = await debianArchive()
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
    await writeFile(join(dir, 'sources.list'), `deb [signed-by=${keyring}] ${archive} sid main\n`)
    for (const folder of ['lists/partial', 'cache/archives/partial']) await mkdir(join(dir, folder), { recursive: true })
    const own = [
      `Dir::Etc::sourcelist=${dir}/sources.list`, 'Dir::Etc::sourceparts=-', `Dir::State::lists=${dir}/lists`, `Dir::Cache=${dir}/cache`,
      // sid's Release file may be older than it claims to be good for.
      'Acquire::Check-Valid-Until=false', 'APT::Sandbox::User=root', 'Acquire::Languages=none', 'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    ].flatMap((option) => ['-o', option])
    await must('apt-get', [...own, 'update', '-q'])
    await must('apt-get', [...own, 'download', '-q', 'docker-compose'], { cwd: dir })
    const deb = (await readdir(dir)).find((name) => name.endsWith('.deb'))
    if (!deb) throw new Stop('apt downloaded no docker-compose package.')
    await must('dpkg', ['-x', join(dir, deb), join(dir, 'x')])
    const plugins = join(process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'cli-plugins')
    await mkdir(plugins, { recursive: true })
    await copyFile(join(dir, 'x/usr/libexec/docker/cli-plugins/docker-compose'), join(plugins, 'docker-compose'))
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function debianArchive(): Promise<string> {
  const format = ['indextargets', '--format', '$(REPO_URI) $(ORIGIN) $(LABEL)', 'Created-By: Packages']
  let lines = await must('apt-get', format)
  if (!/ Debian Debian$/m.test(lines) && canInstall()) {
    updated ??= must('apt-get', ['update', '-q'])
    await updated
    lines = await must('apt-get', format)
  }
  const archive = /^(\S+) Debian Debian$/m.exec(lines)?.[1]
  if (!archive) throw new Stop("This machine's apt knows no Debian archive to take Docker Compose from. Install Compose v2: https://docs.docker.com/compose/install/")
  return archive
}
