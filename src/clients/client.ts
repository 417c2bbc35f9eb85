// What a row of the clients says: for each login, the settings that make it work, and how we know.
// Settings are data, not text: what goes into a file is written by that format's own writer.

/** The best of them is what we did ourselves, the last what follows from the other three. What is none of these isn't said. */
export type Evidence = 'run' | 'source' | 'documentation' | 'derived'

/** `{ $json: value }` is the text of that value as JSON. */
export type Value = string | boolean | number | Value[] | { [key: string]: Value }

/** A word of a command line. A list is left out whole when one of its tokens has no value; `raw` is shell as it stands. */
export type Word = string | string[] | { raw: string }

/** `compose`: YAML in which Compose takes a $ for a variable. `curl`: a file for `curl -K`. */
export type Format = 'json' | 'yaml' | 'compose' | 'toml' | 'curl'

/**
 * Texts hold tokens such as <URL> (fill.ts). What holds one without a value is left out: a key, a
 * list of words, a line of code. So <CA> stands where a private CA must be trusted, and only there.
 */
export type Setting = EnvSetting | CommandSetting | FileSetting | CodeSetting | PageSetting

interface EnvSetting {
  where?: string
  env: Record<string, string>
  /** For a .env file. */
  dotenv?: true
}

interface CommandSetting {
  where?: string
  command: Word[]
}

export interface FileSetting {
  where?: string
  /** Below ~ where it always lies there, else a name. */
  file: string
  format: Format
  value: Value
  /** What the file needs besides, where it isn't there yet. */
  base?: Record<string, Value>
}

interface CodeSetting {
  where?: string
  language: 'python' | 'javascript'
  /** Lines, in which tokens stand within single quotes. */
  code: string[]
}

/** A settings page: the way to it, and what goes into its fields. */
interface PageSetting {
  where?: string
  page: string
  fields: Record<string, string>
}

export interface Access {
  verified: Evidence
  /** With `run`: what was run, and when. */
  ran?: { version: string; on: string }
  settings: Setting[]
  notes?: string[]
}

export interface Client {
  id: string
  name: string
  /** Whose API it speaks. */
  api: 'ollama' | 'openai' | 'anthropic'
  /** By the login's id. null: it can't, and `why` says why. */
  logins: Record<string, Access | null>
  why?: string
  /** How it comes to trust a private CA; the settings above hold <CA> where it is a setting. null: not known. */
  trust: { verified: Evidence; notes?: string[] } | null
  /** With `connect` between, if it needs telling: the settings without a login. */
  connected?: Setting[]
  /** Where it usually runs, if that isn't a person's own machine. */
  runs?: 'container' | 'phone'
  /** Names a preset of `--origin`: it calls from a web view. */
  origin?: string
  notes?: string[]
  warnings?: string[]
  /** Public pages, for who wants to see for themselves. */
  evidence: string[]
}
