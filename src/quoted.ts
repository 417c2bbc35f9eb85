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
