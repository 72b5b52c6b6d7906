/** Where lines go faster than they are taken. Whoever has more waits while it is full: what is kept in between stays small. */
export interface Sink {
  /** True while so much waits to be taken that no more should come. */
  readonly full: () => boolean
  /** Calls back once it isn't full any more; at once where it isn't now. */
  readonly drained: (callback: () => void) => void
}

/** What can be done on a terminal that draws: one that knows its width and isn't dumb, with a person in front of it (not CI). */
interface Screen {
  /**
   * Makes a line that stays below everything that is written; of several the one that was made last is shown.
   * Gives the function that shows a text there, which must fit into `columns` - 1; undefined takes it away.
   */
  readonly bottomLine: () => (text: string | undefined) => void
  /** Empties the screen but for the bottom line. */
  readonly clear: () => void
  /** Takes the bottom line from the screen until `redraw`: another program gets the terminal. */
  readonly hide: () => void
  /** Draws the bottom line anew, such as after `hide`. */
  readonly redraw: () => void
  /** Calls back when the width has changed; gives the function that ends it. */
  readonly resized: (callback: () => void) => () => void
}

/** Where text leaves the process. Every line is masked on its way out, and does nothing but show; a closed pipe or terminal never throws. */
export interface Terminal extends Sink {
  /** Writes a whole line to standard output. */
  readonly out: (line: string) => void
  /** Writes a whole line to standard error. */
  readonly err: (line: string) => void
  /** Writes a command for the CI that reads this (`::error …`) to standard output: no other line is one. */
  readonly ciCommand: (line: string) => void
  /**
   * Writes a line of a service to standard output, in one piece with those that
   * come at the same time: never later than 100 ms, and before whatever `out`
   * and `err` are given afterwards.
   */
  readonly log: (line: string) => void
  /** Writes a value to standard output as a line of JSON; its strings are masked before they are serialised. */
  readonly json: (value: unknown) => void
  /** The same in one piece with others that come at the same time, as `log` does. */
  readonly jsonLog: (value: unknown) => void
  /** True where a person can answer a question: standard input and error are terminals, and this isn't CI. */
  readonly interactive: boolean
  /** True where standard output is a terminal. */
  readonly outIsTerminal: boolean
  /** True where standard error is a terminal. */
  readonly errIsTerminal: boolean
  /** True where colour helps on standard output: a terminal, or FORCE_COLOR; never with NO_COLOR. */
  readonly color: boolean
  /** As wide as it is now; 80 where that isn't known. */
  readonly columns: number
  /** Undefined where nothing may be drawn. */
  readonly screen: Screen | undefined
}

/** A terminal that nobody sits at, and whose reader takes whatever it is given; `color` and `columns` are the reader's. */
export function sinkTerminal(
  say: { readonly out: (line: string) => void; readonly err: (line: string) => void; readonly json: (value: unknown) => void },
  { color, columns }: Pick<Terminal, 'color' | 'columns'>,
): Terminal {
  return {
    ...say,
    ciCommand: say.out,
    log: say.out,
    jsonLog: say.json,
    full: () => false,
    drained: (callback) => callback(),
    screen: undefined,
    interactive: false,
    outIsTerminal: false,
    errIsTerminal: false,
    color,
    columns,
  }
}
