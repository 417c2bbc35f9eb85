/** A user's text in quotes for a message. Control, bidirectional and other odd characters are escaped: they would rewrite the terminal's line. */
export function quoted(text: string): string {
  const plain = text.replace(/[^\x20-\x7e\p{L}\p{N}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`)
  const letters = [...plain]
  return `"${letters.length > 80 ? `${letters.slice(0, 80).join('')}...` : plain}"`
}
