// Web pages in a real browser: one of the allowed origin logs in and reads, others get nothing and
// change nothing, whatever the browser attaches by itself.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { stacks } from '../../stacks/index.ts'
import type { Head } from '../images/ollama/heads.ts'
import { launch, newStore, type Store } from './browser.ts'
import { servePages, type Pages } from './pages.ts'
import { create, docker, dockerOk, freePort, loginOf, ollamaStack, workspace, type CreateDocument } from './project.ts'
import { openTab, type Answer, type Init, type Tab } from './tab.ts'

interface Made {
  name: string
  dir: string
  document: CreateDocument
  bob: CreateDocument['users'][number]
  /** By the host name that the pages have too: of one site with them, so that the browser attaches all it has. */
  url: string
}

const MODEL = 'gemma3:1b'
const TYPE = { 'content-type': 'application/json' }
/** What the libraries of OpenAI and Anthropic add in a browser. */
const SDK = { 'openai-beta': 'x', 'x-stainless-os': 'Unknown', 'x-stainless-retry-count': '0', 'anthropic-version': '2023-06-01', 'anthropic-dangerous-direct-browser-access': 'true' }
/** Needs no preflight, so any page can send it. */
const SIMPLE: Init = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify({ model: MODEL }), credentials: 'include' }
const NO_PERMISSION = /blocked by CORS policy: (?:Response to preflight request doesn't pass access control check: )?No 'Access-Control-Allow-Origin' header/

// A browser that waits for somebody to answer a dialog waits for ever.
vi.setConfig({ testTimeout: 60_000 })

const place = workspace()
let pages: Pages
let allowed: string
/** The same host with another port, and another host. */
let foreign: string[]
const made = new Map<string, Made>()
let store: Store
/** Bob's: with his certificate, where he has one. */
let browser: BrowserContext
let strangers: BrowserContext

beforeAll(async () => {
  pages = await servePages(place.dir)
  const [one, other] = pages.ports
  allowed = `https://localhost:${one}`
  foreign = [`https://localhost:${other}`, `https://app.localhost:${one}`]
  await Promise.all(Object.values(stacks).map(({ id, limitsRate }) => make(id, limitsRate ? ['--rate', '60/m'] : [])))
  store = await trusting('bob')
  for (const { bob } of made.values()) if (bob.files) await store.bring(bob.files.p12, bob.secret ?? '')
  browser = await bobs('profile')
  strangers = await launch(await trusting('stranger'), 'profile')
})
afterAll(async () => {
  await Promise.all([browser?.close(), strangers?.close()])
  pages?.close()
  const dirs = Object.keys(stacks).map((id) => join(place.dir, `test-browser-${id}`))
  await Promise.all(dirs.filter((dir) => existsSync(join(dir, 'compose.yaml'))).map((dir) => ollamaStack(['down', '--volumes', '--yes', '-C', dir])))
  place.remove()
})

async function make(id: string, more: string[]): Promise<void> {
  const name = `test-browser-${id}`
  const dir = join(place.dir, name)
  const port = await freePort()
  const { code, stdout } = await create([dir, '--auth', id, '--user', 'ann', '--user', 'bob', '--tls', 'private', '--origin', allowed, '--port', String(port), '--model', MODEL, ...more, '--yes', '--json'])
  const document = JSON.parse(stdout) as CreateDocument
  expect({ code, error: document.error }).toEqual({ code: 0, error: undefined })
  const [, bob] = document.users
  if (bob) made.set(id, { name, dir, document, bob, url: `https://localhost:${port}` })
}

function of(id: string): Made {
  const one = made.get(id)
  if (!one) throw new Error(`${id} wasn't made with a bob`)
  return one
}

async function trusting(home: string): Promise<Store> {
  const store = await newStore(join(place.dir, home))
  await store.trust('pages', pages.ca)
  for (const { name, document } of made.values()) await store.trust(name, document.project.ca ?? '')
  return store
}

const bobs = (profile: string, args: string[] = []): Promise<BrowserContext> =>
  launch(store, profile, { showCertificateTo: [...made.values()].flatMap(({ url, document }) => [url, document.project.url]), args })

describe.each(Object.values(stacks))('$id', (stack) => {
  let at: Made
  /** Bob's headers; none where the browser has a certificate. */
  let login: Record<string, string>
  let tab: Tab
  const preflights: Head[] = []

  beforeAll(async () => {
    at = of(stack.id)
    login = loginOf(at.document, at.bob).headers
    tab = await openTab(browser)
    await arrived()
  })
  afterAll(() => tab.close())

  /** What of a browser's reached Ollama since this was asked last. */
  const arrived = async (): Promise<string[]> => {
    const heads = JSON.parse(await dockerOk('exec', `${at.name}-ollama-1`, 'ollama', 'standin-heads', '--clear')) as Head[]
    preflights.push(...heads.filter(({ method }) => method === 'OPTIONS'))
    return heads.filter(({ headers }) => headers.some((value) => value.includes('Chrome/'))).map(({ method, target }) => `${method} ${target}`)
  }
  const ask = (path: string, init: Init = {}): Promise<Answer> => tab.fetch(at.url + path, { credentials: 'include', ...init, headers: { ...login, ...init.headers } })

  describe('a page of the allowed origin', () => {
    beforeAll(async () => { await tab.visit(allowed) })

    test('logs in', async () => {
      const { status, text } = await ask('/api/tags')
      expect(status).toBe(200)
      expect(text).toContain(MODEL)
    })

    test.each([
      ['/api/chat', '"done":true'], ['/v1/chat/completions', 'data: [DONE]'], ['/v1/messages', 'event: message_stop'],
    ])('reads a stream of %s while it is written', async (path, end) => {
      const body = JSON.stringify({ model: MODEL, max_tokens: 20, stream: true, messages: [{ role: 'user', content: 'hi' }] })
      const { status, text, times } = await ask(path, { method: 'POST', headers: { ...TYPE, ...SDK }, body })
      expect(status).toBe(200)
      expect(text).toContain(end)
      expect(times.length).toBeGreaterThan(5)
      expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(100)
    })

    test('reads why it was refused', async () => {
      const manage = await ask('/api/pull', { method: 'POST', headers: TYPE, body: '{"model":"x"}' })
      expect(manage).toMatchObject({ status: 403, text: '{"error":"Only an admin may do this."}' })
    })

    // Without `credentials`: a Basic challenge then opens the browser's own dialog, on a page of the same site.
    test.each([['no', {}], ['a wrong', { Authorization: 'Bearer x' }], ['another wrong', { Authorization: 'Basic Ym9iOng=' }]])('with %s login: the preflight passes, the request itself is refused', async (_, wrong: Record<string, string>) => {
      const other = await openTab(strangers)
      await other.visit(allowed)
      await arrived()
      const { status, headers, text } = await other.fetch(`${at.url}/api/chat`, { method: 'POST', headers: { ...TYPE, ...wrong }, body: '{}' })
      expect({ status, challenge: headers['www-authenticate'] }).toEqual({ status: 401, challenge: expect.stringMatching(stack.challenge) as string })
      expect(JSON.parse(text)).toEqual({ error: expect.any(String) as string })
      expect(await arrived()).toEqual([])
      await other.close()
    })

    if (stack.limitsRate) test('reads when to come again', async () => {
      const [ann] = at.document.users
      const { headers } = loginOf(at.document, ann ?? at.bob)
      const answers = await Promise.all(Array.from({ length: 100 }, () => ask('/api/version', { headers })))
      const refused = answers.find(({ status }) => status === 429)
      expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0)
    })

    test('and of a public address, if the person at the browser lets it call this machine', async () => {
      await browser.clearPermissions()
      await tab.visit(`${allowed}/public`)
      expect((await ask('/api/show', SIMPLE)).thrown).toMatchObject({ why: expect.stringMatching(/Permission was denied .* address space/) as string })
      await browser.grantPermissions(['local-network-access'], { origin: allowed })
      expect((await ask('/api/show', { ...SIMPLE, headers: TYPE })).status).toBe(200)
    })
  })

  describe('what the browser attaches by itself', () => {
    /** A certificate, or a password that was once in the address bar. Never a key. */
    const attaches = stack.id !== 'bearer'
    const sent = ['POST /api/show', 'POST /api/show', 'POST /api/show']

    beforeAll(async () => {
      const { username, password } = at.bob.files ? { username: '', password: '' } : { username: 'bob', password: at.bob.secret ?? '' }
      await tab.visit(Object.assign(new URL('/api/version', at.url), { username, password }).href)
      await arrived()
    })

    test('serves a page of the allowed origin', async () => {
      await tab.visit(allowed)
      const status = attaches ? 200 : 401
      expect((await tab.fetch(`${at.url}/api/show`, SIMPLE)).status).toBe(status)
      expect((await tab.fetch(`${at.url}/api/show`, { ...SIMPLE, headers: TYPE })).status).toBe(status)
      expect(await tab.submit(`${allowed}/form`, `${at.url}/api/show`)).toBe(status)
      await tab.visit(allowed)
      expect(await arrived()).toEqual(attaches ? sent : [])
      // By its address the stack is another site: Chromium attaches the certificate, but no password.
      expect((await tab.fetch(`${at.document.project.url}/api/show`, { ...SIMPLE, headers: TYPE })).status).toBe(at.bob.files ? 200 : 401)
    })

    test.each([0, 1])('serves no page of a foreign origin (%i)', async (index) => {
      const page = foreign[index] ?? ''
      await tab.visit(page)
      await arrived()
      const fetches: [string, Init][] = [['/api/tags', {}], ['/api/show', SIMPLE], ['/api/show', { ...SIMPLE, headers: TYPE }], ['/api/delete', { method: 'DELETE', body: '{}' }]]
      for (const [path, init] of fetches) {
        for (const headers of [{}, login]) {
          const { thrown } = await tab.fetch(at.url + path, { credentials: 'include', ...init, headers: { ...headers, ...init.headers } })
          expect(thrown, path).toEqual({ name: 'TypeError', why: expect.stringMatching(NO_PERMISSION) as string })
        }
      }
      // These a browser sends without asking, and tells the page nothing.
      expect(await tab.fetch(`${at.url}/api/show`, { ...SIMPLE, mode: 'no-cors' })).toMatchObject({ status: 0, text: '' })
      for (const form of ['/form', '/form-without-referrer']) expect(await tab.submit(page + form, `${at.url}/api/show`), form).toBe(403)
      expect((await arrived()).filter((line) => line !== 'GET /api/tags')).toEqual([])
    })
  })

  if (stack.id === 'bearer') test('a key as x-api-key, as the library of Anthropic sends it', async () => {
    await tab.visit(allowed)
    const { status } = await tab.fetch(`${at.url}/v1/messages`, { method: 'POST', headers: { ...TYPE, ...SDK, 'x-api-key': at.bob.secret ?? '' }, body: JSON.stringify({ model: MODEL, max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }) })
    expect(status).toBe(200)
  })

  // Chromium shows a certificate with a preflight too; the Fetch standard says not to, and Firefox doesn't.
  if (stack.id === 'mtls') test('a browser that keeps the certificate from preflights', async () => {
    const strict = await bobs('strict', ['--enable-features=OmitCorsClientCert'])
    const other = await openTab(strict)
    await other.visit(allowed)
    const from = new Date().toISOString()
    expect((await other.fetch(`${at.url}/api/show`, { ...SIMPLE, headers: TYPE })).status).toBe(200)
    await strict.close()
    const logged = async (): Promise<string[]> => {
      const { stdout } = await docker('logs', '--since', from, `${at.name}-proxy-1`)
      const lines = stdout.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { person: string; method: string })
      return [...new Set(lines.map(({ method, person }) => `${method} ${person}`))]
    }
    await expect.poll(logged).toEqual(['OPTIONS ', 'POST bob'])
  })

  test('no preflight reached Ollama', () => {
    expect(preflights).toEqual([])
  })
})
