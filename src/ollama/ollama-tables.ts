// What `ollama ps` and `ollama list` print: columns at least two spaces apart, below a line of titles.

export interface LoadedModel {
  name: string
  /** As Ollama says it: `1.2 GB`. */
  size: string
  /** `100% GPU`, `100% CPU`, `48%/52% CPU/GPU`. */
  processor: string
}

/** NAME  ID  SIZE  PROCESSOR  ... */
export function psRows(text: string): LoadedModel[] {
  return rows(text).map(([name = '', , size = '', processor = '']) => ({ name, size, processor }))
}

/** NAME  ID  SIZE  MODIFIED */
export function listRows(text: string): Pick<LoadedModel, 'name' | 'size'>[] {
  return rows(text).map(([name = '', , size = '']) => ({ name, size }))
}

function rows(table: string): string[][] {
  return table.trim().split('\n').slice(1).map((line) => line.split(/\s{2,}/))
}
