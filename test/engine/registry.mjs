// A registry for pulls, of what `docker save` wrote and tar unpacked: node registry.mjs DIR PORT. While DIR/hold
// exists, every large layer stops after its first megabyte. The engine takes layers uncompressed, too.

import { createHash } from 'node:crypto'
import { appendFileSync, createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const [, , dir = '', port = ''] = process.argv
const MEGABYTE = 1 << 20
const TYPE = 'application/vnd.docker.distribution.manifest.v2+json'
/** @param {string | Buffer} bytes */
const digest = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
/** Digest -> file. @type {Map<string, string>} */
const blobs = new Map()
/** NAME:TAG, and NAME:DIGEST -> manifest. @type {Map<string, string>} */
const manifests = new Map()

/** @param {string} path @param {string} mediaType */
const blob = (path, mediaType) => {
  const file = join(dir, path)
  const name = digest(readFileSync(file))
  blobs.set(name, file)
  return { mediaType, size: statSync(file).size, digest: name }
}
/** @type {{ Config: string, RepoTags: string[], Layers: string[] }[]} */
const images = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8'))
for (const { Config, RepoTags, Layers } of images) {
  const manifest = JSON.stringify({
    schemaVersion: 2, mediaType: TYPE, config: blob(Config, 'application/vnd.docker.container.image.v1+json'),
    layers: Layers.map((layer) => blob(layer, 'application/vnd.docker.image.rootfs.diff.tar.gzip')),
  })
  for (const tag of RepoTags) {
    manifests.set(tag, manifest)
    manifests.set(`${tag.split(':')[0]}:${digest(manifest)}`, manifest)
  }
}

createServer(async (request, response) => {
  const [, name, kind, what] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(request.url ?? '') ?? []
  const body = kind === 'manifests' ? manifests.get(`${name}:${what}`) : undefined
  const file = kind === 'blobs' ? blobs.get(what ?? '') : undefined
  if (request.url === '/v2/') response.end('{}')
  else if (body) response.writeHead(200, { 'content-type': TYPE, 'docker-content-digest': digest(body), 'content-length': body.length }).end(request.method === 'HEAD' ? '' : body)
  else if (file) {
    const { size } = statSync(file)
    response.writeHead(200, { 'content-length': size })
    if (size > MEGABYTE && existsSync(join(dir, 'hold'))) {
      createReadStream(file, { end: MEGABYTE }).pipe(response, { end: false })
      appendFileSync(join(dir, 'hold'), 'x')
      while (existsSync(join(dir, 'hold'))) await sleep(50)
      createReadStream(file, { start: MEGABYTE + 1 }).pipe(response)
    } else createReadStream(file).pipe(response)
  } else response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}')
}).listen(Number(port), '127.0.0.1', () => console.log('listening'))
