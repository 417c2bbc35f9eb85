// What a program says holds texts of others: file names, lines of compose.yaml, words of an Ollama
// elsewhere, of a registry, of a backup. None of them may act on the terminal.

import { harmless, harmlessJson } from './quoted.ts'
import type { Ui } from './ui.ts'

/** Colours of our own (util.styleText), which nothing is hidden or moved with. */
const COLOR = /(\x1b\[(?:[012]|22|3\d|90)m)/

const inColor = (text: string): string => text.split(COLOR).map((part, index) => (index % 2 === 1 ? part : harmless(part))).join('')

/** `json`: the result is a document. */
export function harmlessUi(ui: Ui, json: boolean): Ui {
  return {
    intro: (title) => ui.intro(harmless(title)),
    step: (title, work) => ui.step(harmless(title), (report) => work((text) => report(harmless(text)))),
    progress: (title, work) => ui.progress(harmless(title), (update) => work(({ text, ...numbers }) => update({ ...numbers, ...(text === undefined ? {} : { text: harmless(text) }) }))),
    line: (text) => ui.line(inColor(text)),
    note: (title, text) => ui.note(harmless(title), harmless(text)),
    warn: (text) => ui.warn(harmless(text)),
    check: ({ title, detail, ok }) => ui.check({ ok, title: harmless(title), detail: harmless(detail) }),
    data: (text) => ui.data(json ? harmlessJson(text) : inColor(text)),
    confirm: (question, options) => ui.confirm(harmless(question), options),
    hidden: (question, problem) => ui.hidden(harmless(question), problem),
  }
}
