// The cases of the areas cli-input, files and engine-faults, by their ids: where each is met, or why the
// contract answers otherwise. `test` names a test file and words of a test in it.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

type Entry = { test: string; words: string; otherwise?: string } | { open: string }

const INPUT = 'test/unit/cli-input.test.ts'
const PLACES = 'test/files/places.test.ts'
const input = (words: string): Entry => ({ test: INPUT, words })
const all = (ids: string, entry: Entry): [string, Entry][] => ids.split(' ').map((id) => [id, entry])

const IDS: Record<string, Entry> = Object.fromEntries([
  ...all('CLI-002 CLI-005 CLI-008 CLI-011 CLI-014 CLI-017', input('a person to add')),
  ...all('CLI-020 CLI-023 CLI-026 CLI-029 CLI-032 CLI-038 CLI-041', input('a host')),
  ...all('CLI-035', { test: 'test/files/rendered.test.ts', words: "the checkers of the programs that will read it accept it" }),
  ...all('CLI-044 CLI-047 CLI-056 CLI-059', input('an origin')),
  ...all('CLI-050', { test: 'test/unit/origins.test.ts', words: 'with the spaces that people put there', otherwise: 'a pasted OLLAMA_ORIGINS list is translated entry by entry' }),
  ...all('CLI-053', { test: 'test/unit/origins.test.ts', words: 'https://App.Example.com/', otherwise: 'an origin is written in lower case, as browsers send it' }),
  ...all('CLI-062 CLI-065 CLI-068 CLI-071', input('a port')),
  ...all('CLI-074 CLI-077 CLI-080', input('a project')),
  ...all('CLI-083', { test: 'test/unit/values.test.ts', words: "'a'.repeat(64)", otherwise: '40 letters are a good Compose name; above 63 it is refused' }),
  ...all('CLI-086', { test: INPUT, words: 'a directory elsewhere is shown as it really is', otherwise: 'any new or empty directory may be meant; the real path is shown, and links are refused' }),
  ...all('CLI-089', input('plain HTTP for everybody')),
  ...all('CLI-092', input('http://169.254.169.254')),
  ...all('CLI-098', { test: 'test/unit/own-cert.test.ts', words: 'encrypted.key' }),
  ...all('CLI-101', { test: 'test/unit/own-cert.test.ts', words: 'a key that others may read' }),
  ...all('CLI-104', { test: 'test/unit/run.test.ts', words: 'the environment changes nothing' }),
  ...all('FILE-002 FILE-005 FILE-008', { test: PLACES, words: 'named, and nothing changes' }),
  ...all('FILE-011', { test: PLACES, words: 'nothing is left, not even half a secret' }),
  ...all('FILE-014', { test: 'test/engine/people.test.ts', words: 'twenty at once: nobody is lost' }),
  ...all('FILE-017 FILE-020', { test: PLACES, words: 'only what may be shown is offered' }),
  ...all('FILE-023', input('the same person in another case')),
  ...all('FILE-026', { test: 'test/files/rendered.test.ts', words: 'is what was reviewed', otherwise: "the project's README says what to label" }),
  ...all('ENG-002', { test: 'test/unit/engine-faults.test.ts', words: 'unix:///nonexistent' }),
  ...all('ENG-005', { test: 'test/unit/engine-faults.test.ts', words: 'an engine of 2019' }),
  ...all('ENG-008', { test: 'test/unit/engine-pull.test.ts', words: 'an answer that breaks off' }),
  ...all('ENG-011', { test: 'test/engine/errors.test.ts', words: "an image that can\\'t be pulled" }),
  ...all('ENG-014', { test: 'test/engine/stacks.test.ts', words: 'Ollama gone: a stream breaks off, then an error in JSON' }),
  ...all('ENG-017', { test: 'test/engine/stacks.test.ts', words: 'Ollama gone: a stream breaks off' }),
  ...all('ENG-020', { test: 'test/engine/errors.test.ts', words: 'an Ollama without enough memory' }),
  ...all('ENG-023', { test: 'test/engine/stacks.test.ts', words: 'one table, equal answers' }),
  ...all('ENG-026', { test: 'test/files/rendered.test.ts', words: 'is what was reviewed' }),
  ...all('ENG-029', { test: 'test/engine/stacks.test.ts', words: 'both containers run with as little as they need' }),
  ...all('ENG-032', input("'--gpu', 'nvidia'")),
  ...all('ENG-035', { test: 'test/engine/people.test.ts', words: 'still out after the proxy starts anew' }),
  ...all('ENG-038', { test: 'test/engine/errors.test.ts', words: 'a project that the engine does not see' }),
])

const GIVEN = [
  ...Array.from({ length: 31 }, (_, index) => `CLI-${String(2 + 3 * index).padStart(3, '0')}`), 'CLI-098', 'CLI-101', 'CLI-104',
  ...Array.from({ length: 9 }, (_, index) => `FILE-${String(2 + 3 * index).padStart(3, '0')}`),
  ...Array.from({ length: 13 }, (_, index) => `ENG-${String(2 + 3 * index).padStart(3, '0')}`),
]

test('every id has an entry, and none is left over', () => expect(Object.keys(IDS).sort()).toEqual([...GIVEN].sort()))

describe('what an entry names is there', () => {
  test.each(Object.entries(IDS))('%s', (_, entry) => {
    if ('open' in entry) return expect(entry.open).toMatch(/\S/)
    const file = join(import.meta.dirname, '../..', entry.test)
    expect(existsSync(file), entry.test).toBe(true)
    expect(readFileSync(file, 'utf8')).toContain(entry.words)
  })
})
