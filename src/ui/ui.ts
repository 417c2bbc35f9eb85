// How the program speaks. Progress, prompts and remarks go to stderr, data to stdout.
// clack.ts is for a terminal, plain.ts for everything else.

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
  /** Only where `interactive` is true. Throws CancelError on Ctrl-C. */
  confirm(question: string, options: { initial: boolean }): Promise<boolean>
  /** A question whose answer isn't shown. `problem` says what is wrong with it. As `confirm`. */
  hidden(question: string, problem: (text: string) => string | undefined): Promise<string>
}
