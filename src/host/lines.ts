import { StringDecoder } from 'node:string_decoder'

/** A line longer than this is cut into pieces, so that a stream without line ends can't fill the memory. */
const longestLine = 64 * 1024

/**
 * Turns a child's output into whole lines: split at \n, \r\n and at a lone \r
 * (a progress bar draws its line again), UTF-8 sequences kept whole, bounded.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  readonly #take: (line: string) => void
  #rest = ''

  constructor(take: (line: string) => void) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    this.#feed(this.#decoder.write(chunk))
  }

  /** Hands out what has come without a line end. */
  end(): void {
    this.#feed(this.#decoder.end())
    const last = this.#rest.replace(/\r$/, '')
    this.#rest = ''
    if (last !== '') this.#take(last)
  }

  #feed(text: string): void {
    const parts = (this.#rest + text).split('\n')
    this.#rest = parts.pop() ?? ''
    for (const part of parts) this.#whole(part)
    // a carriage return at the very end may be the first half of \r\n
    const returned = this.#rest.lastIndexOf('\r', this.#rest.length - 2)
    if (returned >= 0) {
      const before = this.#rest.slice(0, returned)
      this.#rest = this.#rest.slice(returned + 1)
      this.#whole(before)
    }
    while (this.#rest.length > longestLine) {
      this.#take(this.#rest.slice(0, longestLine))
      this.#rest = this.#rest.slice(longestLine)
    }
  }

  #whole(line: string): void {
    for (const piece of line.replace(/\r$/, '').split('\r')) {
      for (let start = 0; start === 0 || start < piece.length; start += longestLine) this.#take(piece.slice(start, start + longestLine))
    }
  }
}
