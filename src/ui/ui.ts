// How the program speaks. Progress, prompts and remarks go to stderr, data to stdout.
// clack.ts is for a terminal, by-line.ts for a terminal that is read aloud, plain.ts for everything else.

export interface Progress {
  done: number
  /** 0: not known. */
  total: number
  text?: string
}

/** What a smoke test says about itself. */
export interface CheckLine {
  title: string
  ok: boolean | null
  detail: string
}

export interface Option {
  value: string
  label: string
  hint?: string
}

export interface TextQuestion {
  message: string
  /** Said while nothing is wrong. */
  hint: string
  /** An empty line means it. */
  initial: string
  /** What is wrong with this text, or nothing. Further lines say what to write instead. */
  problem(text: string): string | undefined
  /** A slower look, after Enter only. */
  onSubmit?(text: string): Promise<string | undefined>
}

/** Every method works on its own, without `this`. */
export interface Ui {
  intro(title: string): void
  /** Runs work with a title that stays when it is done. `report` says what it is at now. */
  step<T>(title: string, work: (report: (text: string) => void) => Promise<T>): Promise<T>
  /** The same with a bar, in bytes. */
  progress<T>(title: string, work: (update: (progress: Progress) => void) => Promise<T>): Promise<T>
  line(text: string): void
  /** A box with a title. */
  note(title: string, text: string): void
  warn(text: string): void
  check(result: CheckLine): void
  /** A line of the result, on stdout. */
  data(text: string): void
  // Questions: only where `interactive` is true. Each throws CancelError on Ctrl-C.
  text(question: TextQuestion): Promise<string>
  /** One of them: its value. */
  choose(question: string, options: readonly Option[], initial: string): Promise<string>
  /** Any number of them. */
  several(question: string, options: readonly Option[], initial: readonly string[]): Promise<string[]>
  confirm(question: string, options: { initial: boolean }): Promise<boolean>
  /** A question whose answer isn't shown. `problem` says what is wrong with it. */
  hidden(question: string, problem: (text: string) => string | undefined): Promise<string>
}
