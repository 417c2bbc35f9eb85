// The few ASN.1 types that certificates and keys are made of, in DER (X.690).

/** The content octets wrapped with their tag and length. */
export function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag]), length(body.length), body])
}

/** Below 128 in one byte, else the number of length bytes first. */
function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size])
  const hex = size.toString(16)
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}

export const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts)
/** DER wants the members of a SET OF in the order of their encodings. */
export const set = (...parts: Uint8Array[]): Buffer => der(0x31, ...parts.toSorted(Buffer.compare))
export const octets = (bytes: Uint8Array): Buffer => der(0x04, bytes)
export const nothing = (): Buffer => der(0x05)
/** `[n] EXPLICIT`. */
export const explicit = (n: number, part: Uint8Array): Buffer => der(0xa0 | n, part)
/** `[n] IMPLICIT OCTET STRING`. */
export const implicitOctets = (n: number, bytes: Uint8Array): Buffer => der(0x80 | n, bytes)

/** A BMPString holds UTF-16, big end first. */
export const bmp = (text: string): Buffer => der(0x1e, utf16be(text))

export function utf16be(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

/** Not negative. A set top bit would make it so, hence the zero byte. */
export function integer(value: number): Buffer {
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex')
  return der(0x02, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes)
}

/** `1.2.840.113549` and so on: the first two numbers share a byte, the others take seven bits a byte. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f]
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128)) bytes.unshift((left & 0x7f) | 0x80)
  return bytes
}

export interface Part {
  tag: number
  content: Buffer
}

/** What stands one behind the other in the content of a SEQUENCE or SET; none, when it isn't whole. */
export function parts(content: Buffer | undefined): Part[] {
  const found: Part[] = []
  for (let at = 0; content && at + 2 <= content.length; ) {
    const tag = content[at] ?? 0
    const short = content[at + 1] ?? 0
    // Below 128 the length itself, else how many bytes hold it.
    const bytes = short < 0x80 ? 0 : short & 0x7f
    if (bytes > 3 || at + 2 + bytes > content.length) return []
    const start = at + 2 + bytes
    const length = bytes === 0 ? short : content.readUIntBE(at + 2, bytes)
    found.push({ tag, content: content.subarray(start, start + length) })
    at = start + length
  }
  return found
}
