// Random input with a fixed budget: the same seed gives the same runs, and a failure prints the smallest
// input that fails. FUZZ_SEED=N tries others, FUZZ_RUNS=10 ten times as many.

import fc from 'fast-check'

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_121)
const TIMES = Number(process.env['FUZZ_RUNS'] ?? 1)

export const runs = (count: number): fc.Parameters<unknown> => ({ seed: SEED, numRuns: count * TIMES })

console.log(`fuzz: FUZZ_SEED=${SEED} FUZZ_RUNS=${TIMES}`)

/** Any bytes as text, or pieces of the grammar in any order: the first finds crashes, the second what is nearly right. */
export const near = (...pieces: string[]): fc.Arbitrary<string> => fc.oneof(
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 4, arbitrary: fc.array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 2 }) }), { maxLength: 8 }).map((parts) => parts.join('')) },
)

/** One edit of somebody's, of a disk that was full, or of a program that doesn't know the format. */
export interface Edit { at: number; cut: number; put: string }

export const edits = (...pieces: string[]): fc.Arbitrary<Edit[]> => fc.array(
  fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), cut: fc.oneof(fc.nat(3), fc.nat(80)), put: fc.oneof(fc.constantFrom('', ...pieces), fc.string({ unit: 'binary', maxLength: 3 })) }), { maxLength: 4 })

/** Half of them at the beginning of a line, where most of the meaning is. */
export function edited(text: string, changes: readonly Edit[]): string {
  return changes.reduce((now, { at, cut, put }, index) => {
    const anywhere = Math.floor(at * (now.length + 1))
    const start = index % 2 === 0 ? anywhere : now.lastIndexOf('\n', anywhere - 1) + 1
    return now.slice(0, start) + put + now.slice(start + cut)
  }, text)
}
