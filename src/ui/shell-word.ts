/** Quoted where it must be, for the shell of this machine: a POSIX one, or what PowerShell and cmd have in common. */
export function shellWord(word: string): string {
  return process.platform === 'win32' ? windowsWord(word) : posixWord(word)
}

export function posixWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** PowerShell splits at a comma and reads @ as a name. Within double quotes it fills in $ and `: there its own quotes, which cmd doesn't know. */
export function windowsWord(word: string): string {
  if (/^[\w+=:./\\-]+$/.test(word)) return word
  return /["$`%]/.test(word) ? `'${word.replaceAll("'", "''")}'` : `"${word}"`
}

/** The end of a hint that only a POSIX shell knows. */
export const onPosix = (text: string, platform: NodeJS.Platform = process.platform): string => (platform === 'win32' ? '' : text)
