// The oldest Node.js that runs us, and what to say on an older one. This file and what it shares a
// bundle with has to parse there: the build writes it for Node.js 12.

const OLDEST = [20, 19] as const

/** What to say on `version` (process.version), or undefined where everything is fine. */
export function tooOld(program: string, version: string): { message: string; hint: string } | undefined {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return undefined
  return {
    message: `${program} needs Node.js ${OLDEST.join('.')} or newer; this is ${version}.`,
    hint: 'Install a current one from https://nodejs.org (with nvm: nvm install --lts), then run the same line again.',
  }
}
