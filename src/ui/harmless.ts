// What a program says holds texts of others: file names, lines of compose.yaml, words of an Ollama
// elsewhere, of a registry, of a backup. None of them may act on the terminal.

import { harmless, harmlessJson } from './quoted.ts'
import type { Option, Ui } from './ui.ts'

/** Colours of our own (util.styleText), which nothing is hidden or moved with. */
const COLOR = /(\x1b\[(?:[012]|22|3\d|90)m)/

const inColor = (text: string): string => text.split(COLOR).map((part, index) => (index % 2 === 1 ? part : harmless(part))).join('')

const safe = (problem: string | undefined): string | undefined => problem && harmless(problem)

const harmlessOption = ({ value, label, hint }: Option): Option => ({ value, label: harmless(label), ...(hint === undefined ? {} : { hint: harmless(hint) }) })

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
    text: ({ message, hint, initial, problem, onSubmit }) => ui.text({
      message: harmless(message), hint: harmless(hint), initial,
      problem: (text) => safe(problem(text)),
      ...(onSubmit && { onSubmit: async (text: string) => safe(await onSubmit(text)) }),
    }),
    choose: (question, options, initial) => ui.choose(harmless(question), options.map(harmlessOption), initial),
    several: (question, options, initial) => ui.several(harmless(question), options.map(harmlessOption), initial),
    confirm: (question, options) => ui.confirm(harmless(question), options),
    hidden: (question, problem) => ui.hidden(harmless(question), problem),
  }
}
