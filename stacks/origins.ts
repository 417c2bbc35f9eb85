// Allowed origins as the proxies compare them.

/** An anchored regular expression for PCRE and RE2 alike, case-sensitive: browsers send lower case. */
export function originPattern(allowed: readonly string[]): string {
  const parts = allowed.map((one) => {
    const literal = one.replace(/[.+]/g, '\\$&').replace(/[[\]]/g, '\\$&')
    return literal.endsWith('://*') ? `${literal.slice(0, -1)}[!-~]*` : literal
  })
  return `^(?:${parts.join('|')})$`
}
