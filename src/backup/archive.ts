// A .tar.gz of a few small files, in memory. What comes out of one was perhaps written by somebody
// else: plain files with names of ours, each once, and not too many bytes; nothing else.

import { createReadStream } from 'node:fs'
import { Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { extract, pack, type Headers } from 'tar-stream'
import { UsageError } from '../errors.ts'
import { quoted } from '../ui/quoted.ts'

/** Ten thousand people with certificates are a third of that. */
const MOST_BYTES = 256 << 20

export interface Entry {
  path: string
  content: Uint8Array
  mode: number
}

export async function packed(entries: readonly Entry[], now: Date): Promise<Buffer> {
  const tar = pack()
  for (const { path, content, mode } of entries) tar.entry({ name: path, mode, mtime: now }, Buffer.from(content))
  tar.finalize()
  return buffer(tar.pipe(createGzip()))
}

/** Every file by its path. `takes` says which paths may be there. Throws UsageError E_BACKUP; nothing is written anywhere. */
export async function unpacked(path: string, takes: (path: string) => boolean, most = MOST_BYTES): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  // Two names that differ in case alone are one file on many disks.
  const seen = new Set<string>()
  const tar = extract()
  tar.on('entry', (header, stream, next) => {
    const problem = refused(header, takes) ?? (seen.has(folded(header.name)) ? 'is in it twice' : undefined)
    if (problem !== undefined) return void tar.destroy(damaged(path, `${quoted(header.name, 200)} ${problem}.`))
    seen.add(folded(header.name))
    buffer(stream).then((content) => {
      files.set(header.name, content)
      next()
    }, next)
  })
  try {
    await pipeline(createReadStream(path), createGunzip(), atMost(path, most), tar)
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    throw damaged(path, `it can't be unpacked: ${(cause as Error).message}.`)
  }
  return files
}

const folded = (path: string): string => path.normalize('NFC').toLowerCase()

function refused({ type, name, size }: Headers, takes: (path: string) => boolean): string | undefined {
  if (type !== 'file') return `is not a plain file but a ${type ?? 'thing of another kind'}`
  if (!takes(name)) return 'is no file of a project'
  return Number.isSafeInteger(size) && Number(size) >= 0 ? undefined : 'has no sensible size'
}

/** Counts what comes out of the compression: a small file can hold a huge one. */
function atMost(path: string, most: number): Transform {
  let total = 0
  return new Transform({
    transform: (chunk: Buffer, _, done) => {
      total += chunk.length
      if (total > most) done(damaged(path, `it holds more than ${most >> 20} MiB.`))
      else done(null, chunk)
    },
  })
}

/** A file that `backup` didn't write, or not in this form. */
export function damaged(path: string, why: string): UsageError {
  return new UsageError('E_BACKUP', `${path} is no whole backup of a stack: ${why} Nothing was written.`, 'Give a file that `ollama-stack backup` wrote, copied anew if this one was damaged on its way.')
}
