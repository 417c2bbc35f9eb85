// The htpasswd file as nginx reads it: NAME:HASH, then perhaps another colon and a comment.
// Hand-written lines count, so they are read with care and kept byte for byte.

import { StackError } from '../../src/errors.ts'

/** Names that the proxy lets log in (nginx.conf); a line of any other name is dead. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/

/** bcrypt, at a cost that doesn't stall the proxy: each step up doubles 1.6 ms at cost 5. */
const GOOD_HASH = /^\$2[aby]\$(?:0[4-9]|1[0-2])\$[./A-Za-z0-9]{53}$/

interface Line {
  /** With its line end. */
  text: string
  name: string | null
  hash: string
}

function parse(text: string): Line[] {
  return text.split(/(?<=\n)/).map((line) => {
    const [, name, hash = ''] = /^([^#:\r\n][^:\r\n]*):([^:\r\n]*)/.exec(line) ?? []
    return { text: line, name: name ?? null, hash }
  })
}

/** Every name that has a line, in the file's order, each once. */
export function names(text: string): string[] {
  return [...new Set(parse(text).map(({ name }) => name).filter((name) => name !== null))]
}

/**
 * The names that can log in. Throws E_HTPASSWD when a line would let somebody in that nginx checks
 * less well than bcrypt: it knows {PLAIN} and {SHA} too, and tells nobody.
 */
export function people(text: string): string[] {
  const able = parse(text).filter(({ name }) => name !== null && NAME.test(name))
  const weak = able.find(({ hash }) => !GOOD_HASH.test(hash))
  if (weak) {
    throw new StackError('E_HTPASSWD', `credentials/htpasswd: the password of ${weak.name} isn't a bcrypt hash of cost 4 to 12.`, {
      hint: `Remove it (./ollama-stack user remove ${weak.name}) and add ${weak.name} again, or replace the line with the output of: htpasswd -nB ${weak.name}`,
    })
  }
  return [...new Set(able.map(({ name }) => name as string))]
}

export function append(text: string, name: string, hash: string): string {
  const end = text === '' || text.endsWith('\n') ? '' : '\n'
  return `${text}${end}${name}:${hash}\n`
}

/** Without any line of that name: nginx takes the first of several, so one left over would count. */
export function without(text: string, name: string): string {
  return parse(text).filter((line) => line.name !== name).map((line) => line.text).join('')
}
