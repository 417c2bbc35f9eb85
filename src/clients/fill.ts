// Tokens -> values. One pass, so that a value which looks like a token stays what it is.

import type { Value } from './client.ts'

export const TOKENS = ['URL', 'LOGIN_URL', 'HOST', 'PORT', 'NAME', 'USER', 'PASS', 'KEY', 'B64', 'CA', 'CA?', 'CERT', 'CERTKEY', 'MODEL'] as const
export type Token = (typeof TOKENS)[number]
/** null: there is none, and what asks for it is left out. */
export type Tokens = Record<Token, string | null>

export const TOKEN = /<([A-Z0-9_]+\??)>/g
/** Those that make a text a secret. */
export const SECRET = /<(?:LOGIN_URL|PASS|KEY|B64)>/

/** undefined when a token has no value. */
export function fillText(template: string, tokens: Tokens, escape: (value: string) => string = (value) => value): string | undefined {
  let absent = false
  const text = template.replace(TOKEN, (_, name: string) => {
    const value = isToken(name) ? tokens[name] : null
    if (value === null) absent = true
    return escape(value ?? '')
  })
  return absent ? undefined : text
}

function isToken(name: string): name is Token {
  return (TOKENS as readonly string[]).includes(name)
}

/** Also in keys. What is left out takes along what would be empty without it. */
export function fillValue(template: Value, tokens: Tokens): Value | undefined {
  if (typeof template === 'string') return fillText(template, tokens)
  if (typeof template !== 'object') return template
  if (!Array.isArray(template) && template['$json'] !== undefined) {
    const inner = fillValue(template['$json'], tokens)
    return inner === undefined ? undefined : JSON.stringify(inner)
  }
  if (Array.isArray(template)) {
    const items = template.map((item) => fillValue(item, tokens)).filter((item) => item !== undefined)
    return items.length === 0 && template.length > 0 ? undefined : items
  }
  const entries = Object.entries(template).flatMap(([key, value]) => {
    const [name, filled] = [fillText(key, tokens), fillValue(value, tokens)]
    return name === undefined || filled === undefined ? [] : [[name, filled] as const]
  })
  return entries.length === 0 && Object.keys(template).length > 0 ? undefined : Object.fromEntries(entries)
}

/** Of `env`: those that have a value. */
export function fillRecord(template: Record<string, string>, tokens: Tokens): Record<string, string> {
  return Object.fromEntries(Object.entries(template).flatMap(([key, value]) => {
    const filled = fillText(value, tokens)
    return filled === undefined ? [] : [[key, filled] as const]
  }))
}
