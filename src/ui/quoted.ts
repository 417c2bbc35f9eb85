/** A user's text in quotes for a message. Control, bidirectional and other odd characters are escaped: they would rewrite the terminal's line. */
export function quoted(text: string, most = 80): string {
  const plain = text.replace(/[^\x20-\x7e\p{L}\p{N}]/gu, escaped)
  const letters = [...plain]
  return `"${letters.length > most ? `${letters.slice(0, most).join('')}...` : plain}"`
}

const escaped = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`

/** A path as it is, or in quotes where it has odd characters or is very long. */
export function shownPath(path: string): string {
  const safe = quoted(path, 500)
  return safe === `"${path}"` ? path : safe
}

/** A whole message, with line ends and tabs as they are: whatever found its way into it can't act on the terminal. */
export function harmless(message: string): string {
  return message.replace(/[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu, escaped)
}

/** The same in a log or a list, where a line end would look like the next entry. */
export const oneLine = (text: string): string => harmless(text).replace(/[\n\t]/g, escaped)

/** JSON lets control characters above ASCII stand as they are, and a terminal may act on them. The document stays the same. */
export function harmlessJson(document: string): string {
  const units = (text: string): number[] => Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
  return document.replace(/[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu, (text) => units(text).map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join(''))
}
