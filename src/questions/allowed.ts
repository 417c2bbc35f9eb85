// Which addresses may connect (--allow): one grammar for flags, files and checks.

import { BlockList, isIP } from 'node:net'
import { UsageError } from '../errors.ts'
import { quoted } from '../ui/quoted.ts'
import { short } from './values.ts'

/** An address or a CIDR in its short form: `192.168.1.0/24`, `fd00::/8`, `203.0.113.7`. Throws UsageError E_ALLOW. */
export function allowed(text: string): string {
  const [ip = '', bits, ...more] = text.split('/')
  const family = ip.includes('%') ? 0 : isIP(ip)
  const longest = family === 6 ? 128 : 32
  if (family === 0 || more.length > 0 || (bits !== undefined && !(/^(?:0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= longest))) {
    throw new UsageError('E_ALLOW', `--allow can't be ${quoted(text)}: it is neither an IP address nor a range of them.`, 'Write 203.0.113.7, 192.168.1.0/24 or fd00::/8.')
  }
  // `::ffff:1.2.3.4` is 1.2.3.4 to everybody who connects.
  const plain = short(ip)
  const mapped = family === 6 && isIP(plain) === 4
  const size = bits === undefined ? null : Number(bits) - (mapped ? 96 : 0)
  const width = isIP(plain) === 6 ? 128 : 32
  if (size !== null && size < 0) throw new UsageError('E_ALLOW', `--allow can't be ${quoted(text)}: it is wider than all of IPv4.`, 'Write the range in IPv4, such as 192.168.1.0/24.')
  if (size === 0) throw new UsageError('E_ALLOW', `--allow ${text} is everybody.`, 'Leave --allow out for that, or name a smaller range.')
  if (size === null || size === width) return plain
  const net = network(plain, size)
  if (net !== plain) throw new UsageError('E_ALLOW', `--allow can't be ${quoted(text)}: ${plain} isn't the beginning of a range of that size.`, `Write ${net}/${size} for the whole range, or ${plain} for the one address.`)
  return `${plain}/${size}`
}

/** Whether `ip` is in one of the entries. */
export function isAllowed(entries: readonly string[], ip: string): boolean {
  const list = new BlockList()
  for (const entry of entries) {
    const [net = '', bits] = entry.split('/')
    const family = isIP(net) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(net, family)
    else list.addSubnet(net, Number(bits), family)
  }
  return isIP(ip) !== 0 && list.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')
}

/** The first address of the range that `ip` is in. */
function network(ip: string, bits: number): string {
  const parts = bytes(ip).map((byte, index) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff)
  return parts.length === 4 ? parts.join('.') : short(Array.from({ length: 8 }, (_, at) => (((parts[at * 2] ?? 0) << 8) | (parts[at * 2 + 1] ?? 0)).toString(16)).join(':'))
}

function bytes(ip: string): number[] {
  if (isIP(ip) === 4) return ip.split('.').map(Number)
  const [left = '', right = ''] = ip.split('::')
  const words = (side: string): string[] => (side === '' ? [] : side.split(':'))
  const gap = ip.includes('::') ? Array<string>(8 - words(left).length - words(right).length).fill('0') : []
  return [...words(left), ...gap, ...words(right)].map((word) => parseInt(word, 16)).flatMap((word) => [word >> 8, word & 0xff])
}
