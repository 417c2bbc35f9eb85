// What one tab of the browser does: goes to a page, fetches with the page's own JavaScript, submits
// a form as a click would.

import type { BrowserContext, Page } from 'playwright-core'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Init {
  method?: string
  headers?: Record<string, string>
  body?: string
  credentials?: 'include' | 'omit'
  mode?: 'no-cors'
}

/** What the page's JavaScript got. */
export interface Answer {
  status: number
  headers: Record<string, string>
  text: string
  /** When each chunk came, in milliseconds. */
  times: number[]
  /** Instead of all that: what `fetch` threw, and what the browser's console says about it. */
  thrown?: { name: string; why: string }
}

export interface Tab {
  /** Returns the status. */
  visit(url: string): Promise<number>
  fetch(url: string, init?: Init): Promise<Answer>
  /** Goes to a page with a form and sends it. Returns the status of the answer. */
  submit(page: string, to: string): Promise<number>
  close(): Promise<void>
}

/** Docker's interfaces come and go on this machine, and Chromium then drops whatever it is doing. */
const DROPPED = /ERR_NETWORK_CHANGED|ERR_SOCKET_NOT_CONNECTED|ERR_NETWORK_IO_SUSPENDED/

export async function openTab(browser: BrowserContext): Promise<Tab> {
  const page = await browser.newPage()
  page.setDefaultTimeout(10_000)
  const said: string[] = []
  page.on('console', (message) => said.push(message.text()))

  return {
    visit: (url) => steady(async () => (await page.goto(url))?.status() ?? 0),
    fetch: (url, init = {}) => steady(async () => {
      said.length = 0
      const answer = await page.evaluate(inPage, { url, init })
      if (!answer.thrown) return answer
      // Its words come on another way than the answer.
      for (let waited = 0; waited < 2000 && said.length === 0; waited += 20) await sleep(20)
      const why = said.join('\n')
      if (DROPPED.test(why)) throw new Error(why)
      return { ...answer, thrown: { ...answer.thrown, why } }
    }),
    submit: (from, to) => steady(async () => {
      await page.goto(`${from}?to=${encodeURIComponent(to)}`)
      const [status] = await Promise.all([answered(page, to), page.locator('button').click()])
      return status
    }),
    close: () => page.close(),
  }
}

/** The status of the answer to the next request of this address. */
async function answered(page: Page, url: string): Promise<number> {
  const response = await Promise.race([
    page.waitForResponse(url),
    page.waitForEvent('requestfailed', (request) => request.url() === url).then((request) => { throw new Error(request.failure()?.errorText) }),
  ])
  return response.status()
}

/** Again, as long as only the machine's network was in the way. */
async function steady<T>(action: () => Promise<T>): Promise<T> {
  const end = Date.now() + 30_000
  for (;;) {
    try {
      return await action()
    } catch (error) {
      if (Date.now() > end || !(error instanceof Error) || !DROPPED.test(error.message)) throw error
      await sleep(500)
    }
  }
}

/** Runs in the page, so it may use nothing from outside itself. */
async function inPage({ url, init }: { url: string; init: Init }): Promise<Answer> {
  const seen: Answer = { status: 0, headers: {}, text: '', times: [] }
  try {
    const response = await fetch(url, init)
    seen.status = response.status
    seen.headers = Object.fromEntries(response.headers)
    const reader = response.body?.getReader()
    const decoder = new TextDecoder()
    for (;;) {
      const part = await reader?.read()
      if (!part?.value) return seen
      seen.times.push(performance.now())
      seen.text += decoder.decode(part.value, { stream: true })
    }
  } catch (error) {
    return { ...seen, thrown: { name: error instanceof Error ? error.name : String(error), why: '' } }
  }
}
