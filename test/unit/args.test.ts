import { describe, expect, test } from 'vitest'
import { parseArgs, type Grammar } from '../../src/cli/args.ts'
import { COMMAND_NAMES } from '../../src/cli/command-names.ts'
import type { Command, Group } from '../../src/cli/command.ts'
import { flagsOf } from '../../src/cli/help.ts'
import { helpTexts } from '../../src/manual.ts'
import { nearest } from '../../src/cli/nearest.ts'
import { quoted } from '../../src/ui/quoted.ts'
import { refusal } from './refusal.ts'

const grammar: Grammar = {
  name: 'create',
  flags: {
    auth: { value: 'LOGIN', help: 'How people log in' },
    user: { value: 'NAME', repeat: true, help: 'Who' },
    port: { value: 'PORT', help: 'Port' },
    start: { negatable: true, help: 'Start it' },
    yes: { short: 'y', help: 'Ask nothing' },
    dir: { short: 'C', value: 'DIR', help: 'Where' },
  },
  positionals: ['[DIR]'],
}
const parse = (...argv: string[]) => parseArgs(argv, grammar)

describe('accepted', () => {
  test.each<[string[], string[], object]>([
    [[], [], {}],
    [['--auth', 'basic'], [], { auth: 'basic' }],
    [['--auth=basic'], [], { auth: 'basic' }],
    [['--auth=a=b'], [], { auth: 'a=b' }],
    [['--auth=-x'], [], { auth: '-x' }],
    [['--auth=--yes'], [], { auth: '--yes' }],
    [['--port', '-1'], [], { port: '-1' }],
    [['--auth', '-'], [], { auth: '-' }],
    [['--user', 'ann', '--user=bob:user'], [], { user: ['ann', 'bob:user'] }],
    [['--start'], [], { start: true }],
    [['--no-start'], [], { start: false }],
    [['-y', 'here'], ['here'], { yes: true }],
    [['-C', 'here'], [], { dir: 'here' }],
    [['here', '--yes'], ['here'], { yes: true }],
    [['--', '--yes'], ['--yes'], {}],
    [['--yes', '--', '-C'], ['-C'], { yes: true }],
    [['-'], ['-'], {}],
    [['constructor'], ['constructor'], {}],
    [[''], [''], {}],
  ])('%j', (argv, args, flags) => expect(parse(...argv)).toEqual({ args, flags }))
})

describe('refused', () => {
  test.each<[string[], string, RegExp]>([
    [['--auth'], 'E_FLAG', /^--auth needs a value: --auth LOGIN\./],
    [['--auth', '--yes'], 'E_FLAG', /^--auth needs a value/],
    [['--auth', '-y'], 'E_FLAG', /^--auth needs a value/],
    [['--auth', '--'], 'E_FLAG', /^--auth needs a value/],
    [['--auth='], 'E_FLAG', /^--auth needs a value/],
    [['-C', ''], 'E_FLAG', /^-C needs a value: -C DIR\./],
    [['--auth', 'a', '--auth=b'], 'E_FLAG', /^--auth was given twice\. Give it once\.$/],
    [['-C', 'a', '--dir', 'b'], 'E_FLAG', /^--dir was given twice/],
    [['--yes', '-y'], 'E_FLAG', /^--yes was given twice/],
    [['--start', '--no-start'], 'E_FLAG', /twice\. Give it once, as --start or --no-start\.$/],
    [['--yes=true'], 'E_FLAG', /^--yes takes no value, and "true" was given\. Write just --yes\.$/],
    [['--no-start=1'], 'E_FLAG', /^--no-start takes no value/],
    [['--atuh', 'basic'], 'E_FLAG', /^create has no flag "--atuh"\. Did you mean --auth\? All of them: npx create-ollama-stack@latest --help$/],
    [['--Auth', 'basic'], 'E_FLAG', /Did you mean --auth\?/],
    [['--us', 'x'], 'E_FLAG', /Did you mean --user\?/],
    [['-port', '1'], 'E_FLAG', /Did you mean --port\?/],
    [['-c', 'x'], 'E_FLAG', /Did you mean -C DIR\?/],
    [['-Cx'], 'E_FLAG', /Did you mean -C DIR\?/],
    [['--no-auth'], 'E_FLAG', /Did you mean --auth\?/],
    [['--no-port'], 'E_FLAG', /Did you mean --port\?/],
    [['--no-yes'], 'E_FLAG', /Did you mean --yes\?/],
    [['--no-strat'], 'E_FLAG', /Did you mean --no-start\?/],
    [['--constructor'], 'E_FLAG', /^create has no flag "--constructor"\. All of them/],
    [['--__proto__=x'], 'E_FLAG', /^create has no flag "--__proto__"\. All/],
    [['--no-toString'], 'E_FLAG', /^create has no flag "--no-toString"\. All/],
    [['--no-'], 'E_FLAG', /^create has no flag "--no-"/],
    [['--=x'], 'E_FLAG', /^create has no flag "--"/],
    [['-x'], 'E_FLAG', /^create has no flag "-x"\. All/],
    [['--a\x1b[2J\u202e'], 'E_FLAG', /^create has no flag "--a\\u\{1b\}\[2J\\u\{202e\}"\./],
    [['connect', 'https://nas.lan'], 'E_ARGUMENT', /^connect is a command of ollama-stack.*ollama-stack connect \.\.\./],
    [['a', 'b'], 'E_ARGUMENT', /^create takes only DIR, and "b" is one too many\..*npx create-ollama-stack@latest --help/],
    [['a', '--', '-b'], 'E_ARGUMENT', /"-b" is one too many/],
  ])('%j', (argv, code, says) => {
    const error = refusal(() => parse(...argv))
    expect([error.code, error.exit]).toEqual([code, 2])
    expect(`${error.message} ${error.hint}`).toMatch(says)
  })

  test('what a command needs', () => {
    const pull = refusal(() => parseArgs([], { name: 'pull', flags: {}, positionals: ['MODEL'] }))
    expect([pull.code, pull.message, pull.hint]).toEqual(['E_ARGUMENT', 'pull needs MODEL.', 'Write: ollama-stack pull MODEL'])
    expect(refusal(() => parseArgs(['x'], { name: 'up', flags: {} })).message).toBe('up takes no argument, and "x" is one too many.')
  })
})

describe('nearest', () => {
  test.each([
    ['stauts', 'status'], ['STATUS', 'status'], ['stat', 'status'], ['pul', 'pull'], ['u', 'up'], ['x', undefined], ['ps', undefined], ['', undefined],
    ['crate', 'create'], ['dwon', 'down'], ['__proto__', undefined], ['constructor', undefined],
  ])('%j -> %s', (word, expected) => expect(nearest(word, COMMAND_NAMES)).toBe(expected))
  test('of two, the nearer one', () => expect(nearest('--pot', ['--post-it', '--port'])).toBe('--port'))
})

describe('quoted', () => {
  test.each([
    ['plain', '"plain"'], ['a\nb', '"a\\u{a}b"'], ['\u202egpj', '"\\u{202e}gpj"'], ['\x9b2J', '"\\u{9b}2J"'], ['a\u200bb', '"a\\u{200b}b"'],
    ['bücher', '"bücher"'], ['\u{1f600}', '"\\u{1f600}"'],
  ])('%j', (text, expected) => expect(quoted(text)).toBe(expected))
  test.each(['x', '\u{20000}'])('at most 80 of %s, and no half letter', (letter) => expect(quoted(letter.repeat(81))).toBe(`"${letter.repeat(80)}..."`))
})

/** Those of a noun by both words. */
const NAMES = [...COMMAND_NAMES.filter((name) => name !== 'user'), 'user add', 'user list', 'user rotate', 'user remove']

describe('help', () => {
  const load = async (name: string): Promise<Command | Group> => ((await import(`../../src/commands/${name}.ts`)) as { command: Command | Group }).command
  const each = async (): Promise<Command[]> => (await Promise.all(COMMAND_NAMES.map(load))).flatMap((one) => ('commands' in one ? Object.values(one.commands) : [one]))

  test.each(NAMES)('%s shows every flag, and its examples parse', async (name) => {
    const command = (await each()).find((one) => one.name === name)
    if (!command) throw new Error(`no command ${name}`)
    const help = (await helpTexts())[name] ?? ''
    for (const [key, { short, value, negatable }] of Object.entries(flagsOf(command))) {
      const row = help.split('\n').find((line) => line.includes(`--${key}${negatable ? `, --no-${key}` : ''}${value === undefined ? '' : ` ${value}`}  `)) ?? ''
      expect(row, key).toMatch(short === undefined ? /^ {2}--/ : new RegExp(`^ {2}-${short}, --`))
    }
    expect(help).toMatch(/^Examples?:\n {2}\S/m)
    for (const example of command.examples) {
      const words = example.split(' ').slice(name === 'create' ? (example.startsWith('npm ') ? 3 : 2) : 1 + name.split(' ').length)
      expect(help).toContain(`  ${example}`)
      expect(() => parseArgs(words, { name, flags: flagsOf(command), positionals: command.positionals ?? [] })).not.toThrow()
      if (name !== 'create') expect(example).toMatch(new RegExp(`^ollama-stack ${name}( |$)`))
    }
  })

  test('no two flags of a command have the same letter', async () => {
    for (const command of await each()) {
      const letters = Object.values(flagsOf(command)).flatMap(({ short }) => short ?? [])
      expect(new Set(letters).size).toBe(letters.length)
    }
  })

  test('the overview names every command', async () => {
    const text = (await helpTexts())[''] ?? ''
    for (const name of COMMAND_NAMES) expect(text).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'))
  })
})
