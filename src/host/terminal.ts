/** Where text leaves the process. Every line is masked on its way out; a closed pipe or terminal never throws. */
export interface Terminal {
  /** Writes a whole line to standard output. */
  readonly out: (line: string) => void
  /** Writes a whole line to standard error. */
  readonly err: (line: string) => void
  /** True where a person can answer a question: standard input and error are terminals, and this isn't CI. */
  readonly interactive: boolean
  /** True where standard output is a terminal. */
  readonly outIsTerminal: boolean
  /** True where standard error is a terminal. */
  readonly errIsTerminal: boolean
  /** True where colour helps on standard output: a terminal, or FORCE_COLOR; never with NO_COLOR. */
  readonly color: boolean
  readonly columns: number
}
