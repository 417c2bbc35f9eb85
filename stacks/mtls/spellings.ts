// A certificate can be presented in the handshake only: whatever a header claims lets nobody in.

import type { MadeCredential, Spelling } from '../stack.ts'

export function spellings({ name, secret, login }: MadeCredential): Spelling[] {
  const pem = encodeURIComponent(login.cert ?? '')
  const line = (login.cert ?? '').replaceAll('\n', '')
  const claims: string[][] = [
    [],
    ['Authorization: Bearer x'],
    [`Authorization: Basic ${btoa(`${name}:${secret}`)}`],
    [`Authorization: Certificate ${line}`],
    [`X-Api-Key: ${secret}`],
    [`X-Client-Cert: ${pem}`, 'X-Client-Verify: SUCCESS', 'X-SSL-Client-Verify: SUCCESS'],
    [`X-SSL-Client-Cert: ${pem}`],
    [`Ssl-Client-Cert: ${pem}`, 'Ssl-Client-Verify: SUCCESS'],
    [`X-Forwarded-Client-Cert: Hash=${'0'.repeat(64)};Cert="${pem}";Subject="CN=${name}"`],
    [`X-ARR-ClientCert: ${line}`],
    [`Client-Cert: :${btoa(line)}:`],
    [`X-SSL-Client-S-DN: CN=${name}`, `X-Client-CN: ${name}`, `X-Client-DN: CN=${name}`],
  ]
  return claims.map((lines) => ({ id: lines[0]?.split(/: ?|=|;/).slice(0, 2).join(' ').slice(0, 40) ?? 'nothing', lines, expect: [401] }))
}
