/** What it is called, and what it means. */
export type Row = readonly [string, string]

/** What --help says of a command beyond its flags and examples. None of it is needed to run one. */
export interface Page {
  /** What it does and leaves alone. */
  about: string
  /** Headings for many flags, by their names; the others come last. */
  groups?: Readonly<Record<string, readonly string[]>>
  /** Where they matter: environment, files, exit codes that say more than usual. */
  sections?: Readonly<Record<string, readonly Row[]>>
  /** Commands that go with it. */
  see: readonly string[]
}
