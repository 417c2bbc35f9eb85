// exec and logs: the engine sends both outputs of a process in one stream, in frames of
// {stream number, 3 zero bytes, length (big endian, 4 bytes), bytes}.

import { StringDecoder } from 'node:string_decoder'
import { LABEL } from '../compose/desired.ts'
import type { Client } from './client.ts'
import { explainEngine } from './explain.ts'
import type { ExecResult, LogLine, LogOptions } from './types.ts'

type Chunk = [stream: 'stdout' | 'stderr', bytes: Buffer]

async function* frames(source: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Chunk> {
  let buffer: Buffer = Buffer.alloc(0)
  for await (const bytes of source) {
    buffer = buffer.length > 0 ? Buffer.concat([buffer, bytes]) : bytes
    while (buffer.length >= 8) {
      const end = 8 + buffer.readUInt32BE(4)
      if (buffer.length < end) break
      yield [buffer[0] === 2 ? 'stderr' : 'stdout', buffer.subarray(8, end)]
      buffer = buffer.subarray(end)
    }
  }
}

/** Both outputs, whole. */
export async function collect(source: AsyncIterable<Buffer>): Promise<{ stdout: string; stderr: string }> {
  const output: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
  for await (const [name, bytes] of frames(source)) output[name].push(bytes)
  return { stdout: Buffer.concat(output.stdout).toString(), stderr: Buffer.concat(output.stderr).toString() }
}

/** Run a command in a running container. Only not being able to run it is an error. */
export async function exec(docker: Client, container: string, cmd: string[], options: { stdin?: string | Uint8Array; user?: string; signal?: AbortSignal } = {}): Promise<ExecResult> {
  const { stdin, user, signal } = options
  try {
    const started = await docker.getContainer(container).exec({
      Cmd: cmd, AttachStdout: true, AttachStderr: true, AttachStdin: stdin !== undefined, ...(user && { User: user }), ...(signal && { abortSignal: signal }),
    })
    const stream = await started.start({ hijack: stdin !== undefined, stdin: stdin !== undefined, ...(signal && { abortSignal: signal }) })
    const stop = (): void => void stream.destroy(signal?.reason as Error)
    signal?.addEventListener('abort', stop, { once: true })
    let output: Awaited<ReturnType<typeof collect>>
    try {
      if (stdin !== undefined) stream.end(stdin)
      output = await collect(stream as AsyncIterable<Buffer>)
    } finally {
      signal?.removeEventListener('abort', stop)
    }
    const { ExitCode } = await started.inspect()
    return { code: ExitCode ?? -1, ...output }
  } catch (error) {
    throw explainEngine(error, `run ${cmd[0]} in ${container}`)
  }
}

/** Lines as they come, each with the output that it went to. With `follow` it ends with the container or the signal. */
export async function* logs(docker: Client, container: string, options: LogOptions = {}): AsyncGenerator<LogLine> {
  const { follow = false, since, tail, timestamps = false, signal } = options
  try {
    const target = docker.getContainer(container)
    const details = await target.inspect()
    const service = details.Config.Labels[LABEL.service] ?? container
    const given = {
      stdout: true, stderr: true, timestamps, ...(since !== undefined && { since }), ...(tail !== undefined && { tail }), ...(signal && { abortSignal: signal }),
    }
    const source = follow
      ? await target.logs({ ...given, follow: true }) as unknown as AsyncIterable<Buffer>
      : [await target.logs({ ...given, follow: false })]
    // With a terminal there is one output, unframed.
    for await (const line of lines(service, details.Config.Tty ? unframed(source) : frames(source))) yield timestamps ? timed(line) : line
  } catch (error) {
    if (!signal?.aborted) throw explainEngine(error, `read the log of ${container}`)
  }
}

/** The engine writes the time and a space before the line. */
function timed({ line, ...rest }: LogLine): LogLine {
  const at = line.indexOf(' ')
  return at < 0 ? { ...rest, time: line, line: '' } : { ...rest, time: line.slice(0, at), line: line.slice(at + 1) }
}

async function* unframed(source: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Chunk> {
  for await (const bytes of source) yield ['stdout', bytes]
}

async function* lines(service: string, chunks: AsyncIterable<Chunk>): AsyncGenerator<LogLine> {
  const open = { stdout: { decoder: new StringDecoder('utf8'), rest: '' }, stderr: { decoder: new StringDecoder('utf8'), rest: '' } }
  for await (const [stream, bytes] of chunks) {
    const state = open[stream]
    const parts = (state.rest + state.decoder.write(bytes)).split('\n')
    state.rest = parts.pop() ?? ''
    for (const line of parts) yield { service, stream, line: line.replace(/\r$/, ''), time: '' }
  }
  for (const stream of ['stdout', 'stderr'] as const) {
    const rest = open[stream].rest + open[stream].decoder.end()
    if (rest) yield { service, stream, line: rest, time: '' }
  }
}
