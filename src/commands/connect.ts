import { X509Certificate } from 'node:crypto'
import { join, resolve } from 'node:path'
import { OLLAMA_PORT } from '../ollama/bare-ollama.ts'
import { define, type Context } from '../cli/command.ts'
import { StackError, UsageError, type Problem } from '../errors.ts'
import { listen } from '../forward/listen.ts'
import { forwarder, type Served } from '../forward/proxy.ts'
import { prepare, type Session } from '../forward/session.ts'
import { configDir, forget, keep, keptAt, readKept, type Kept } from '../forward/store.ts'
import { readableOnTheWay, targetOf, type Target } from '../forward/target.ts'
import { checkProgram, systemdUnit } from '../forward/unit.ts'
import { isEverywhere } from '../questions/machine.ts'
import { origins } from '../questions/origins.ts'
import { bundleDir } from '../paths.ts'
import { quoted, shownPath } from '../ui/quoted.ts'
import { address, path as pathOf, port as portOf, word } from '../questions/values.ts'

export const command = define({
  name: 'connect',
  summary: "On a client's machine: a local Ollama port that adds the login",
  usage: 'ollama-stack connect URL [flags]',
  examples: [
    'ollama-stack connect https://nas.lan:8443',
    'ollama-stack connect https://nas.lan:8443 --user ann --ca ca.crt --save',
    'ollama-stack connect https://nas.lan:8443 --p12 ann.p12 --port 11435',
    'ollama-stack connect https://nas.lan:8443 --service systemd',
  ],
  flags: {
    port: { value: 'PORT', help: `Where to listen; default: ${OLLAMA_PORT}, where tools look for Ollama` },
    user: { value: 'NAME', help: 'Your name, where the stack wants name and password' },
    'secret-stdin': { help: 'Read password or key from stdin; else OLLAMA_STACK_SECRET, what was kept, or a question' },
    ca: { value: 'FILE', help: "Trust this CA: certs/ca.crt of the stack's project" },
    fingerprint: { value: 'SHA256', help: "Trust the certificate with this fingerprint, as the owner's status shows it" },
    cert: { value: 'FILE', help: 'Client certificate, PEM, with --key' },
    key: { value: 'FILE', help: 'Its private key' },
    p12: { value: 'FILE', help: 'Both in one file; its password is asked for or read as the secret' },
    save: { help: 'Keep the login in a file that only you may read' },
    forget: { help: 'Remove what was kept for this URL, and end' },
    origin: { value: 'ORIGIN', repeat: true, help: 'Let in this web page too (https://chat.example.com); pages of this machine are' },
    bind: { value: 'IP', help: 'Listen there too, for containers (172.17.0.1): whoever reaches it uses your login' },
    'insecure-http': { help: 'Send the login over plain HTTP, readable on the way' },
    verbose: { help: 'A line for each request; default on a terminal' },
    service: { value: 'systemd', help: 'Print a unit for systemd, and end' },
    dir: { short: 'C', value: 'DIR', help: 'Without a meaning here: this needs no project' },
  },
  positionals: ['URL'],
  async run({ args, flags }, context) {
    const { env, cwd, json, ui, signal } = context
    const target = targetOf(args[0] ?? '', flags['insecure-http'])
    const port = flags.port === undefined ? OLLAMA_PORT : portOf(flags.port)
    const bind = flags.bind === undefined ? null : extraAddress(flags.bind)
    const pages = (flags.origin ?? []).flatMap(origins)
    const dir = configDir(env)
    const file = keptAt(dir, target)
    if (flags.forget) {
      const was = forget(file)
      ui.data(json ? JSON.stringify({ forgotten: was }) : was ? `Forgotten: ${shownPath(file)} is removed.` : `Nothing was kept for ${target.url}.`)
      return
    }
    if (await readableOnTheWay(target)) {
      throw new UsageError('E_INSECURE_HTTP', `${target.url} is plain HTTP: on its way to another machine everybody could read the login.`, `Is it https://? If the way is safe all the same: --insecure-http`)
    }
    const kept = readKept(file)
    if (flags.service !== undefined) {
      word('--service', flags.service, ['systemd'])
      const unit = unitFor(target, kept, { port, bind, ca: flags.ca && pathOf('--ca', flags.ca, cwd), origins: flags.origin ?? [] }, env)
      ui.data(json ? JSON.stringify({ unit }) : unit)
      return
    }
    const addresses = ['127.0.0.1', '::1', ...(bind === null ? [] : [bind])]
    // Before anybody types a password for nothing.
    ;(await listen(addresses, port, (_request, response) => response.destroy())).close()
    const session = await prepare(target, { ...flags, secretStdin: flags['secret-stdin'] === true }, kept, context)
    const stored = await remember(session, kept, flags.save === true, { file, dir }, context)
    const { handler, close } = forwarder({ target, ca: session.trust.ca, ...session, origins: pages, ...reporting(context, flags.verbose === true) })
    const door = await listen(addresses, port, handler)
    if (json) {
      ui.data(JSON.stringify({ listening: door.urls, forwarding: target.url, login: session.kind, user: session.user, ca: session.trust.ca && new X509Certificate(session.trust.ca).fingerprint256, kept: stored ? file : null }))
    }
    sayHello(door.urls, target, session, port, context)
    if (bind !== null) ui.warn(`Whoever reaches ${bind} uses the stack as you do, without a login.`)
    await new Promise((done) => (signal.aborted ? done(null) : signal.addEventListener('abort', done, { once: true })))
    door.close()
    close()
  },
})

function extraAddress(text: string): string | null {
  const ip = address(text)
  if (isEverywhere(ip)) throw new UsageError('E_BIND', `--bind ${ip} would hand your login to everybody who reaches this machine.`, 'Give the one address that containers use: --bind 172.17.0.1')
  return ip === '127.0.0.1' || ip === '::1' ? null : ip
}

/** Writes what is worth keeping. Whether the login is in the file now. */
async function remember(session: Session, before: Kept, save: boolean, { file, dir }: { file: string; dir: string }, { interactive, ui }: Context): Promise<boolean> {
  const { kept, trust, kind, offline } = session
  const same = JSON.stringify(Object.entries(kept).sort()) === JSON.stringify(Object.entries(before).sort())
  if (offline !== null && save) ui.warn('The login is kept only once the stack has taken it: when it answers again, run this again with --save.')
  if (same || offline !== null) return before.login !== undefined
  const wanted = save || (interactive && kind !== 'none' && await ui.confirm(`Keep the login in ${shownPath(file)}, which only you may read?`, { initial: true }))
  if (wanted) keep(file, dir, kept)
  else if (trust.fresh && trust.ca !== null) keep(file, dir, { ...before, ca: trust.ca })
  return wanted || before.login !== undefined
}

function sayHello(urls: readonly string[], { url }: Target, { kind, whose, offline }: Session, port: number, { ui, json }: Context): void {
  const [first = ''] = urls
  const as = kind === 'none' ? 'without a login: that server wants none' : `with ${whose}`
  const say = json ? ui.line : ui.data
  say(`Listening on ${urls.join(' and ')}, forwarding to ${url} ${as}.`)
  say(port === OLLAMA_PORT ? 'Tools that look for Ollama on this machine find it; nothing needs to be set. Ctrl-C ends it.' : `For the ollama command: export OLLAMA_HOST=${new URL(first).host}. Ctrl-C ends it.`)
  if (offline) ui.warn(`${offline.message} Each request tries again. ${offline.hint}`)
  if (kind === 'none') ui.warn(`Whoever reaches ${url} can use it.`)
}

/** Every request, if wanted; each trouble once, until something works again. */
function reporting({ stderr, interactive, ui }: Context, verbose: boolean): { onServed(served: Served): void; onTrouble(trouble: Problem): void } {
  let last = ''
  return {
    onServed({ method, path, status, ms, cut }) {
      if (status >= 200 && status < 400) last = ''
      if (!verbose && !interactive) return
      const end = cut === null ? '' : cut === 'client' ? '  (the client went away)' : '  (cut off by the stack)'
      stderr.write(`${new Date().toTimeString().slice(0, 8)}  ${method} ${quoted(path).slice(1, -1)}  ${status || '-'}  ${Math.round(ms)} ms${end}\n`)
    },
    onTrouble({ code, message, hint }) {
      if (code !== last) ui.warn(`${message} ${hint}`)
      last = code
    },
  }
}

interface ServiceFlags {
  port: number
  bind: string | null
  ca: string | undefined
  origins: readonly string[]
}

function unitFor({ url, insecure }: Target, kept: Kept, { port, bind, ca, origins: pages }: ServiceFlags, env: Context['env']): string {
  if (kept.login === undefined) {
    throw new StackError('E_SERVICE', `No login is kept for ${url}, and a service can ask nobody.`, { hint: `Run it once, and have the login kept: ollama-stack connect ${url} --save` })
  }
  const program = join(bundleDir, 'ollama-stack.js')
  checkProgram(program)
  const args = ['connect', url, '--port', String(port), ...(bind === null ? [] : ['--bind', bind]), ...(ca ? ['--ca', ca] : []), ...pages.flatMap((page) => ['--origin', page]), ...(insecure ? ['--insecure-http'] : [])]
  return systemdUnit({ node: process.execPath, program: resolve(program), args, url, configHome: env['XDG_CONFIG_HOME'] }).trimEnd()
}
