// The pictures of the docs: what stands on the screen stands in them, where and in which colour it stood.

import { expect, test } from 'vitest'
import { terminalSvg } from '../setup/terminal-svg.ts'

const picture = (screen: string): string => terminalSvg(screen, { title: 'a & b', description: 'what <happens>', columns: 20 })
/** Words with their place and look. */
const texts = (svg: string): string[] => [...svg.matchAll(/<text x="([\d.]+)" y="(\d+)" textLength="([\d.]+)"[^>]*?(?: class="(\w+)")?(?: style="fill:(#\w+)")?>([^<]*)</g)].map(([, ...parts]) => parts.map((part) => part ?? '').join(' '))

test('each run of words stands in its column, with its colour', () => {
  expect(texts(picture('\x1b[32m◇\x1b[39m  Make it?\n\x1b[1mx\x1b[22m \x1b[90;3mdim\x1b[0m'))).toEqual([
    '16 64 8.4  #7ee787 ◇', '41.2 64 67.2   Make it?', '16 83 8.4 b  x', '32.8 83 25.2 i #8b949e dim',
  ])
})

test('a bar is drawn without gaps, and what XML would take for its own is escaped', () => {
  const svg = picture('│ <a> & "b"')
  expect(svg).toContain('<path d="M20.2 50v19"')
  expect(texts(svg)).toEqual(['32.8 64 75.6   &lt;a&gt; &amp; &quot;b&quot;'])
  expect(svg).toContain('<title id="title">a &amp; b</title>\n<desc id="description">what &lt;happens&gt;</desc>')
})

test('a colour lasts over the end of a line, as in a terminal', () => {
  expect(texts(picture('\x1b[31mone\ntwo\x1b[0m'))).toEqual(['16 64 25.2  #ff7b72 one', '16 83 25.2  #ff7b72 two'])
})

test('a code that it does not know is refused: the picture would be wrong', () => {
  expect(() => picture('\x1b[48;5;3mx')).toThrow('colour code 48')
  expect(() => picture('\x1b[2Jx')).toThrow("can't show")
})
