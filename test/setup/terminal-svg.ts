// A terminal's screen, as tmux gives it with colours, as a picture: text stays text, so the file is small,
// sharp at every size and can be searched.

const CHARACTER = 8.4
const LINE = 19
const PADDING = 16
const BAR = 34
const BACKGROUND = '#16181d'
const FOREGROUND = '#d8dbe2'
/** The eight colours, then their bright ones. Each has a contrast of at least 4.5 to the background. */
const COLOURS = ['#7d8590', '#ff7b72', '#7ee787', '#e3b341', '#79b8ff', '#d2a8ff', '#56d4dd', '#d8dbe2', '#8b949e', '#ffa198', '#a5f3b0', '#f2cc60', '#a5d6ff', '#e2c5ff', '#8ae9f0', '#ffffff']

interface Style {
  colour: string
  bold: boolean
  dim: boolean
  italic: boolean
  underline: boolean
  inverse: boolean
}

interface Run {
  text: string
  column: number
  style: Style
}

const PLAIN: Style = { colour: FOREGROUND, bold: false, dim: false, italic: false, underline: false, inverse: false }

export interface Picture {
  /** In the window's bar. */
  title: string
  /** For who can't see it: what happens in it. */
  description: string
  columns: number
}

export function terminalSvg(screen: string, { title, description, columns }: Picture): string {
  const rows = screen.replace(/\n+$/, '').split('\n')
  const width = Math.ceil(columns * CHARACTER + 2 * PADDING)
  const height = BAR + PADDING + rows.length * LINE + PADDING
  let style = PLAIN
  const lines = rows.flatMap((row, index) => {
    const parsed = runsOf(row, style)
    style = parsed.style
    const y = BAR + PADDING + index * LINE + 14
    return parsed.runs.map((run) => drawn(run, y))
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="description">${escaped(description)}</desc>`,
    `<style>text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;white-space:pre;fill:${FOREGROUND}}.b{font-weight:700}.i{font-style:italic}.u{text-decoration:underline}</style>`,
    `<rect width="${width}" height="${height}" rx="10" fill="${BACKGROUND}"/>`,
    `<path d="M0 ${BAR}V10A10 10 0 0 1 10 0H${width - 10}A10 10 0 0 1 ${width} 10V${BAR}Z" fill="#252932"/>`,
    ...['#ff5f57', '#febc2e', '#28c840'].map((fill, index) => `<circle cx="${20 + index * 20}" cy="17" r="6" fill="${fill}"/>`),
    `<text x="${width / 2}" y="22" text-anchor="middle" style="fill:#a8afbb;font-size:13px">${escaped(title)}</text>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n')
}

function runsOf(row: string, before: Style): { runs: Run[]; style: Style } {
  const runs: Run[] = []
  let style = before
  let column = 0
  for (const [part, codes, text = ''] of row.matchAll(/\x1b\[([\d;]*)m|([^\x1b]+)|\x1b[^]?/g)) {
    if (codes !== undefined) style = styled(style, codes)
    else if (text === '') throw new Error(`The picture can't show ${JSON.stringify(part)}.`)
    // Ends and gaps of blanks are left out; each word run says itself where it stands.
    else {
      for (const { 0: word, index } of text.matchAll(/│+|[^\s│]+(?: [^\s│]+)*/g)) runs.push({ text: word, column: column + length(text.slice(0, index)), style })
      column += length(text)
    }
  }
  return { runs, style }
}

/** As many columns: none of the characters that our programs print is two wide. */
const length = (text: string): number => [...text].length

function styled(style: Style, codes: string): Style {
  let next = style
  const numbers = codes.split(';').map(Number)
  for (let at = 0; at < numbers.length; at++) {
    const code = numbers[at] ?? 0
    if (code === 0) next = PLAIN
    else if (code === 1) next = { ...next, bold: true }
    else if (code === 2) next = { ...next, dim: true }
    else if (code === 22) next = { ...next, bold: false, dim: false }
    else if (code === 3 || code === 23) next = { ...next, italic: code === 3 }
    else if (code === 4 || code === 24) next = { ...next, underline: code === 4 }
    else if (code === 7 || code === 27) next = { ...next, inverse: code === 7 }
    else if (code >= 30 && code <= 37) next = { ...next, colour: COLOURS[code - 30] ?? FOREGROUND }
    else if (code >= 90 && code <= 97) next = { ...next, colour: COLOURS[code - 82] ?? FOREGROUND }
    else if (code === 39) next = { ...next, colour: FOREGROUND }
    // Nothing of ours sets a background; tmux ends one all the same.
    else if (code === 49) continue
    else throw new Error(`The picture doesn't know the colour code ${code}.`)
  }
  return next
}

function drawn({ text, column, style }: Run, y: number): string {
  const x = round(PADDING + column * CHARACTER)
  const wide = round(length(text) * CHARACTER)
  const classes = [style.bold && 'b', style.italic && 'i', style.underline && 'u'].filter((name) => name !== false).join(' ')
  const fill = style.inverse ? BACKGROUND : style.dim && style.colour === FOREGROUND ? '#9aa3b0' : style.colour
  // Letters leave a gap between lines, bars must not.
  if (/^│+$/.test(text)) return [...text].map((_, index) => `<path d="M${round(x + (index + 0.5) * CHARACTER)} ${y - 14}v${LINE}" stroke="${fill}"/>`).join('')
  const block = style.inverse ? `<rect x="${x}" y="${y - 14}" width="${wide}" height="${LINE}" fill="${style.colour}"/>` : ''
  // The width is said, so that columns stay columns in whatever font there is.
  return `${block}<text x="${x}" y="${y}" textLength="${wide}" lengthAdjust="spacingAndGlyphs"${classes === '' ? '' : ` class="${classes}"`}${fill === FOREGROUND ? '' : ` style="fill:${fill}"`}>${escaped(text)}</text>`
}

const round = (number: number): number => Math.round(number * 10) / 10
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
