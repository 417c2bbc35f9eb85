// What Node's own reading of a certificate leaves out or writes in a way of its own.

import { oid, parts, type Part } from './der.ts'

export interface Fields {
  /** Common names, or ''. */
  subject: string
  issuer: string
  sans: string[]
  /** Under the signature, such as `SHA-256`; '' where the algorithm has its own. */
  hash: string
}

/** Of a certificate in DER (RFC 5280, 4.1); null, when it is damaged. */
export function fieldsOf(raw: Buffer): Fields | null {
  const [whole] = parts(raw)
  const [tbs, algorithm] = parts(whole?.content)
  const fields = parts(tbs?.content)
  // The version is left out of one of version 1.
  const [, , issuer, , subject] = fields[0]?.tag === VERSION ? fields.slice(1) : fields
  if (!issuer || !subject) return null
  const extensions = parts(parts(fields.find(({ tag }) => tag === EXTENSIONS)?.content)[0]?.content).map(({ content }) => parts(content))
  const names = extensions.find(([id]) => id?.content.equals(ID.names))?.at(-1)
  const sans = names ? namesIn(names) : []
  return sans && { subject: commonName(subject), issuer: commonName(issuer), sans, hash: hashOf(parts(algorithm?.content)) }
}

const VERSION = 0xa0
const EXTENSIONS = 0xa3
const content = (dotted: string): Buffer => oid(dotted).subarray(2)
const ID = { commonName: content('2.5.4.3'), names: content('2.5.29.17'), pss: content('1.2.840.113549.1.1.10') }

function commonName(name: Part): string {
  const pair = parts(name.content).flatMap((set) => parts(set.content)).map((one) => parts(one.content)).find(([id]) => id?.content.equals(ID.commonName))
  return pair?.[1] ? stringIn(pair[1]) : ''
}

/** BMPString and UniversalString have two and four bytes a letter; T61String is read as Latin-1, as everybody does. */
function stringIn({ tag, content }: Part): string {
  if (tag === 0x1e) return Buffer.from(content.subarray(0, content.length & ~1)).swap16().toString('utf16le')
  if (tag === 0x1c) return Array.from({ length: content.length >> 2 }, (_, at) => String.fromCodePoint(content.readUInt32BE(at * 4))).join('')
  return content.toString(tag === 0x0c ? 'utf8' : 'latin1')
}

/** Mail addresses, DNS names, URLs and IP addresses; what else there may be is no name to reach a server under. */
function namesIn(extension: Part): string[] | null {
  const [list] = parts(extension.content)
  if (list?.tag !== 0x30) return null
  const found = parts(list.content).flatMap(({ tag, content }) => {
    if (tag === 0x81 || tag === 0x82 || tag === 0x86) return [content.toString('latin1')]
    if (tag !== 0x87) return []
    if (content.length === 4) return [content.join('.')]
    if (content.length !== 16) return [null]
    // URL writes an address as people do.
    return [new URL(`http://[${content.toString('hex').replace(/.{4}(?=.)/g, '$&:')}]`).hostname.slice(1, -1)]
  })
  const names = found.filter((name) => name !== null)
  return names.length === found.length ? names : null
}

/** RFC 3279, 4055 and 5758. */
const HASHES = new Map([
  ['1.2.840.113549.1.1.4', 'MD5'], ['1.2.840.113549.1.1.5', 'SHA-1'], ['1.2.840.113549.1.1.11', 'SHA-256'], ['1.2.840.113549.1.1.12', 'SHA-384'], ['1.2.840.113549.1.1.13', 'SHA-512'],
  ['1.2.840.10045.4.1', 'SHA-1'], ['1.2.840.10045.4.3.2', 'SHA-256'], ['1.2.840.10045.4.3.3', 'SHA-384'], ['1.2.840.10045.4.3.4', 'SHA-512'],
  ['1.3.14.3.2.26', 'SHA-1'], ['2.16.840.1.101.3.4.2.1', 'SHA-256'], ['2.16.840.1.101.3.4.2.2', 'SHA-384'], ['2.16.840.1.101.3.4.2.3', 'SHA-512'],
].map(([dotted = '', name = '']) => [content(dotted).toString('hex'), name]))

function hashOf([id, parameters]: readonly Part[]): string {
  if (!id?.content.equals(ID.pss)) return HASHES.get(id?.content.toString('hex') ?? '') ?? ''
  // SHA-1 where it names none.
  const named = parts(parameters?.content).find(({ tag }) => tag === 0xa0)
  return named ? hashOf(parts(parts(named.content)[0]?.content)) : 'SHA-1'
}
