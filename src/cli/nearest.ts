// "Did you mean ...?": the nearest word, if one is near enough to be a slip of the fingers.

export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = word.toLowerCase()
  let best: string | undefined
  let least = Infinity
  for (const candidate of candidates) {
    const cost = candidate.startsWith(wanted) && wanted.length > 1 ? 1 : distance(wanted, candidate.toLowerCase())
    // One slip, or one in three letters: `ps` is no slip of `up`.
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3))
    if (cost <= allowed && cost < least) [best, least] = [candidate, cost]
  }
  return best
}

/** Damerau-Levenshtein (optimal string alignment): two letters swapped are one slip. */
function distance(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const now = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1
      let cost = Math.min((last[column] ?? 0) + 1, (now[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + same)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) cost = Math.min(cost, (before[column - 2] ?? 0) + 1)
      now.push(cost)
    }
    before = last
    last = now
  }
  return last[b.length] ?? 0
}
