// A setting with its tokens filled in -> what to paste where.

import type { FileSetting, Setting, Value, Word } from './client.ts'
import { fillRecord, fillText, fillValue, type Tokens } from './fill.ts'
import { posixWord } from '../ui/shell-word.ts'
import { codeString, dotenv, exports, homeWord, writeFormat } from './syntax.ts'

export interface Step {
  /** A file, a settings page, or in words. */
  where: string
  language: 'sh' | 'env' | 'text' | 'python' | 'javascript' | 'json' | 'yaml' | 'toml' | 'curl'
  text: string
}

/** undefined when nothing of it is left. */
export function renderSetting(setting: Setting, tokens: Tokens): Step | undefined {
  const at = (usual: string): string => setting.where ?? usual
  if ('env' in setting) {
    const env = fillRecord(setting.env, tokens)
    if (Object.keys(env).length === 0) return undefined
    return setting.dotenv ? { where: at('.env'), language: 'env', text: dotenv(env) } : { where: at('the shell that it starts from'), language: 'sh', text: exports(env) }
  }
  if ('command' in setting) return { where: at('a shell'), language: 'sh', text: setting.command.flatMap((word) => words(word, tokens)).join(' ') }
  if ('code' in setting) return { where: at('your program'), language: setting.language, text: codeLines(setting.code, tokens) }
  if ('page' in setting) {
    const fields = Object.entries(fillRecord(setting.fields, tokens)).map(([label, value]) => `${label}: ${value}`)
    return fields.length === 0 ? undefined : { where: at(setting.page), language: 'text', text: fields.join('\n') }
  }
  const value = fillValue(setting.value, tokens)
  if (value === undefined) return undefined
  const { format } = setting
  return { where: at(fillText(setting.file, tokens) ?? ''), language: format === 'compose' ? 'yaml' : format, text: writeFormat(format, wholeFile(setting, value)).trimEnd() }
}

/** As a whole file. */
export function wholeFile({ base }: FileSetting, value: Value): Value {
  return base === undefined || typeof value !== 'object' || Array.isArray(value) ? value : { ...base, ...value }
}

function words(word: Word, tokens: Tokens): string[] {
  if (typeof word === 'string') return words([word], tokens)
  if (!Array.isArray(word)) return [word.raw]
  const filled = word.flatMap((one) => {
    const text = fillText(one, tokens)
    return text === undefined ? [] : [one.startsWith('~/') ? homeWord(text) : posixWord(text)]
  })
  return filled.length === word.length ? filled : []
}

function codeLines(code: string[], tokens: Tokens): string {
  return code.map((line) => fillText(line, tokens, codeString)).filter((line) => line !== undefined).join('\n')
}
