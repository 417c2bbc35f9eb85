// A client that says something before its TLS handshake and its request.
// Usage: claim.mjs HOST PORT AUTHORIZATION PREFIX [FROM-ADDRESS]; the middle two may be empty. Prints the status, or 0 when nothing was answered.

import net from 'node:net'
import tls from 'node:tls'

const [host, port, authorization, prefix, localAddress] = process.argv.slice(2)
let answer = ''
const end = () => {
  console.log(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? '0')
  process.exit()
}
setTimeout(end, 5000)
const socket = net.connect({ port: Number(port), host, localAddress }, () => {
  if (prefix) socket.write(prefix)
  const secure = tls.connect({ socket, rejectUnauthorized: false }, () => {
    secure.write(`GET /api/tags HTTP/1.1\r\nHost: localhost\r\n${authorization ? `Authorization: ${authorization}\r\n` : ''}Connection: close\r\n\r\n`)
  })
  secure.on('data', (part) => { answer += part }).on('close', end).on('error', end)
}).on('error', end)
