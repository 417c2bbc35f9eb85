/** Bytes as people read them, in powers of 1000 as disks and Ollama count: `815 MB`, `3.3 GB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let power = 0
  let value = count
  for (; value >= 999.5 && power < units.length - 1; power++) value /= 1000
  return `${power === 0 || value >= 10 ? Math.round(value) : value.toFixed(1).replace(/\.0$/, '')} ${units[power]}`
}
