// Check results as JUnit XML, which CI systems show as a list.

import type { CheckResult } from '../checks.ts'

export function junit(name: string, checks: readonly CheckResult[]): string {
  const count = (ok: boolean | null): number => checks.filter((check) => check.ok === ok).length
  const seconds = (ms: number): string => (ms / 1000).toFixed(3)
  const rows = checks.map(({ id, title, ok, detail, ms }) => {
    const inside = ok === true ? '' : ok === null ? `<skipped message="${xml(detail)}"/>` : `<failure message="${xml(detail)}"/>`
    return `    <testcase classname="${xml(name)}.${xml(id)}" name="${xml(title)}" time="${seconds(ms)}">${inside}</testcase>`
  })
  const sum = `tests="${checks.length}" failures="${count(false)}" skipped="${count(null)}" time="${seconds(checks.reduce((all, { ms }) => all + ms, 0))}"`
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites ${sum}>`, `  <testsuite name="${xml(name)}" ${sum}>`, ...rows, '  </testsuite>', '</testsuites>', ''].join('\n')
}

/** Text for an attribute. XML 1.0 has no way to write most control characters (2.2). */
function xml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\u{fffd}').replace(/[&<>"]/g, (char) => names[char] ?? '').replace(/[\t\n\r]/g, ' ')
}
