import { StringDecoder } from 'node:string_decoder'

/** A line longer than this is cut into pieces, so that a stream without line ends can't fill the memory. */
export const longestLine = 64 * 1024

/**
 * Turns a child's output into whole lines: split at \n, \r\n and at a lone \r
 * (a progress bar draws its line again), UTF-8 sequences kept whole, bounded.
 * How the bytes are cut into chunks makes no difference.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  readonly #take: (line: string) => void
  #rest = ''
  /** The last character was \r: a \n that follows it ends no line of its own. */
  #returned = false

  constructor(take: (line: string) => void) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    this.#feed(this.#decoder.write(chunk))
  }

  /** Hands out what has come without a line end. */
  end(): void {
    this.#feed(this.#decoder.end())
    if (this.#rest !== '') this.#take(this.#rest)
    this.#rest = ''
  }

  #feed(text: string): void {
    if (text === '') return
    const fresh = this.#returned && text.startsWith('\n') ? text.slice(1) : text
    this.#returned = text.endsWith('\r')
    const parts = fresh.split(/\r\n|\r|\n/)
    const last = parts.pop() ?? ''
    for (const part of parts) {
      this.#grow(part)
      this.#take(this.#rest)
      this.#rest = ''
    }
    this.#grow(last)
  }

  #grow(text: string): void {
    this.#rest += text
    while (this.#rest.length > longestLine) {
      const end = isHighSurrogate(this.#rest.charCodeAt(longestLine - 1)) ? longestLine - 1 : longestLine
      this.#take(this.#rest.slice(0, end))
      this.#rest = this.#rest.slice(end)
    }
  }
}

/** The first half of a character that takes two (an emoji): it is never parted from the second. */
function isHighSurrogate(code: number): boolean {
  return code >= 0xd8_00 && code <= 0xdb_ff
}
