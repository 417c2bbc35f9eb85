// The only currency between stacks, render and disk.

export interface FileEntry {
  content: string | Uint8Array
  /** Permission bits, such as 0o644. */
  mode: number
}

/** Relative POSIX path -> file. */
export type FileMap = Map<string, FileEntry>

/** Files to write; null means: remove this one. */
export type Change = Map<string, FileEntry | null>
