/**
 * All that is said of one cause. The texts are prose without line ends, to be
 * wrapped; only a line after the first that begins with four spaces is code, and
 * stays as it is (`withCode`).
 */
export interface Page {
  /** What is wrong and what is seen of it, for somebody who knows neither ASGI nor Redis. */
  readonly what: string
  /** What proves it, and what tells it from its look-alikes. */
  readonly tells: readonly string[]
  /** What to do, step by step. */
  readonly mend: readonly string[]
  /** Commands to copy, words as they are handed to the program; upper-case words such as PORT are the reader's to fill in. */
  readonly commands: readonly (readonly string[])[]
  /** Why it is so. */
  readonly background: string
}

/** A sentence with lines of code below it. */
export function withCode(text: string, ...lines: readonly string[]): string {
  return [text, ...lines.map((line) => `    ${line}`)].join('\n')
}
