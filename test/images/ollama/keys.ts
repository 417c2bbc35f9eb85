// The key pair that Ollama makes for itself at its first start, and signs cloud requests with.

import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Makes the pair unless it is there. Returns the public key in the form of an OpenSSH file. */
export function ensureKeys(dir: string, log: (line: string) => void): string {
  const file = join(dir, 'id_ed25519')
  if (existsSync(file)) return readFileSync(`${file}.pub`, 'utf8').trim()
  const pair = generateKeyPairSync('ed25519')
  const raw = Buffer.from(pair.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  const open = `ssh-ed25519 ${Buffer.concat([field(Buffer.from('ssh-ed25519')), field(raw)]).toString('base64')}`
  mkdirSync(dir, { recursive: true })
  writeFileSync(file, pair.privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  writeFileSync(`${file}.pub`, `${open}\n`, { mode: 0o644 })
  log(`Couldn't find '${file}'. Generating new private key.`)
  log(`Your new public key is: \n\n${open}\n`)
  return open
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

export const signInUrl = (key: string): string =>
  `https://ollama.com/connect?name=${encodeURIComponent(hostname())}&key=${Buffer.from(key).toString('base64url')}`
