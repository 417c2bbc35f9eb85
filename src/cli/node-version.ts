// The oldest Node.js that runs us, and what to say on an older one. This file and what it shares a
// bundle with has to parse there: the build writes it for Node.js 12.

/** As `engines` of package.json says it. */
export const RANGE = '^20.19.0 || >=22.12.0'

/** What to say on `version` (process.version), or undefined where everything is fine. */
export function tooOld(program: string, version: string): { message: string; hint: string } | undefined {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  if (major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)) return undefined
  return {
    message: `${program} needs Node.js ${major > 20 ? '22.12' : '20.19'} or newer; this is ${version}.`,
    hint: 'Install a current one from https://nodejs.org (with nvm: nvm install --lts), then run the same line again.',
  }
}
