import { onlyColours, withoutCommands, withoutEscapes } from './escape-codes.ts'
import type { Terminal } from './terminal.ts'

/** What is needed of `process.stdout` and `process.stderr`. */
export interface OutStream {
  readonly write: (text: string) => unknown
  readonly once: (event: 'drain', callback: () => void) => unknown
  readonly on: (event: 'error' | 'resize', callback: () => void) => unknown
  readonly off: (event: 'resize', callback: () => void) => unknown
  /** Characters that wait in Node; a file has none (SyncWriteStream). */
  readonly writableLength?: number
}

/** What the output is made of. */
export interface OutputOptions {
  readonly stdout: OutStream
  readonly stderr: OutStream
  /** Takes the secrets out of a text of one or many lines. */
  readonly mask: (text: string) => string
  /** Colours are wanted; all else that a text does to a terminal is always taken out. */
  readonly color: boolean
  /** A CI reads this, and obeys lines that look like its commands. */
  readonly inCi: boolean
  /** Makes JSON of a value without secrets. */
  readonly toJson: (value: unknown) => string
  /** Where the bottom line is drawn; undefined where nothing may be drawn. */
  readonly drawOn: 'stdout' | 'stderr' | undefined
  /** Both are the same screen: a line on the one has to spare the bottom line on the other. */
  readonly oneScreen: boolean
}

/** The two streams with their order, their limits and the line at the bottom. */
type Output = Pick<Terminal, 'out' | 'err' | 'ciCommand' | 'log' | 'json' | 'jsonLog' | 'full' | 'drained' | 'screen'>

/** So many characters are written at once. */
const pieceSize = 32 * 1024
/** The reader is too slow when so many characters wait for it. */
const fullSize = 128 * 1024
/** Beside a bottom line, the log is written (and the line drawn) no more often than this, in milliseconds. */
const drawEveryMs = 100

/** From the cursor to the end of the screen; column 1 and that; all of the screen, from its first row (ECMA-48: ED, CUP). */
const eraseBelow = '\u001B[J'
const emptyScreen = '\u001B[2J\u001B[H'

/**
 * Puts lines out, those of the log many at a time: a million single writes take
 * longer than the servers that made the lines. A pipe on POSIX takes everything
 * and keeps it in our memory (net.Socket), so `full` says when to stop.
 *
 * The cursor rests at the beginning of the bottom line: where a terminal breaks
 * lines anew at a resize, all of it is still below the cursor, and is erased.
 */
export function openOutput(options: OutputOptions): Output {
  const { stdout, stderr, toJson } = options
  const shown = (text: string) => (options.color ? onlyColours : withoutEscapes)(options.mask(text))
  const clean = options.inCi ? (text: string) => withoutCommands(shown(text)) : shown
  const lines: { text: string | undefined }[] = []
  let pending: string[] = []
  let pendingSize = 0
  /** What waits is JSON, which is masked already: a mask over it might take a quote for a part of a secret. */
  let pendingJson = false
  let timer: NodeJS.Timeout | undefined
  let immediate: NodeJS.Immediate | undefined
  let writtenAt = Number.NEGATIVE_INFINITY
  let drawn = ''
  let gone = false
  let hidden = false
  const waiting: (() => void)[] = []
  const stage = options.drawOn === undefined ? undefined : options.drawOn === 'stdout' ? stdout : stderr

  const bottom = () => (hidden ? '' : clean(lines.findLast(({ text }) => text !== undefined)?.text ?? ''))
  /** Erases the line, writes the text, draws the line: in one piece, so that nobody sees it missing. */
  const put = (stream: OutStream, text: string) => {
    if (stage === undefined || (stream !== stage && !options.oneScreen)) {
      if (text !== '') stream.write(text)
      return
    }
    const erase = drawn === '' ? '' : `\r${eraseBelow}`
    drawn = bottom()
    const draw = drawn === '' ? '' : `${drawn}\r`
    if (stream === stage) stage.write(`${erase}${text}${draw}`)
    else {
      stream.write(`${erase}${text}`)
      if (draw !== '') stage.write(draw)
    }
  }
  const draw = () => {
    if (stage !== undefined && (drawn !== '' || bottom() !== '')) put(stage, '')
  }
  const flush = () => {
    clearTimeout(timer)
    clearImmediate(immediate)
    timer = undefined
    immediate = undefined
    if (pending.length === 0) return
    const text = `${pending.join('\n')}\n`
    pending = []
    pendingSize = 0
    writtenAt = performance.now()
    put(stdout, pendingJson ? text : clean(text))
  }
  const schedule = () => {
    if (timer !== undefined || immediate !== undefined) return
    const wait = drawn === '' ? 0 : writtenAt + drawEveryMs - performance.now()
    if (wait <= 0) immediate = setImmediate(flush)
    else timer = setTimeout(flush, wait)
  }
  const later = (line: string, isJson: boolean) => {
    if (isJson !== pendingJson) flush()
    pendingJson = isJson
    pending.push(line)
    pendingSize += line.length + 1
    if (pendingSize >= pieceSize) flush()
    else schedule()
  }
  const full = () => !gone && pendingSize + (stdout.writableLength ?? 0) > fullSize
  const look = () => {
    if (full()) {
      flush()
      if ((stdout.writableLength ?? 0) > 0) {
        stdout.once('drain', look)
        return
      }
    }
    for (const go of waiting.splice(0)) go()
  }
  stdout.on('error', () => {
    // a reader that went away takes nothing more, and nobody is to wait for it
    gone = true
    for (const go of waiting.splice(0)) go()
  })
  const hide = () => {
    flush()
    hidden = true
    draw()
  }
  const redraw = () => {
    hidden = false
    draw()
  }
  // where the run ends by an exception, what was said before it is why
  atExit(hide)

  return {
    out: (line) => {
      flush()
      put(stdout, `${clean(line)}\n`)
    },
    err: (line) => {
      flush()
      put(stderr, `${clean(line)}\n`)
    },
    ciCommand: (line) => {
      flush()
      put(stdout, `${shown(line)}\n`)
    },
    log: (line) => later(line, false),
    json: (value) => {
      flush()
      put(stdout, `${toJson(value)}\n`)
    },
    jsonLog: (value) => later(toJson(value), true),
    full,
    drained: (callback) => {
      waiting.push(callback)
      if (waiting.length === 1) look()
    },
    screen: stage && {
      bottomLine: () => {
        const line: { text: string | undefined } = { text: undefined }
        lines.push(line)
        return (text) => {
          line.text = text
          if (bottom() !== drawn) draw()
        }
      },
      clear: () => {
        hide()
        stage.write(emptyScreen)
        redraw()
      },
      hide,
      redraw,
      resized: (callback) => {
        stage.on('resize', callback)
        return () => void stage.off('resize', callback)
      },
    },
  }
}

const ending = new Set<() => void>()

/** One listener for all: a program may start many runs, each with an output of its own. */
function atExit(callback: () => void): void {
  if (ending.size === 0) {
    process.on('exit', () => {
      for (const end of ending) end()
    })
  }
  ending.add(callback)
}
