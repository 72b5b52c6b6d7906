import { readBytes } from '../host/files.ts'
import type { CauseId } from './causes.ts'

/**
 * All that is said of one cause, as its Markdown file says it. The texts are
 * prose without line ends, to be wrapped; only a line after the first that
 * begins with four spaces is code, and stays as it is.
 */
export interface Page {
  /** What is wrong and what is seen of it, for somebody who knows neither ASGI nor Redis. */
  readonly what: string
  /** What proves it, and what tells it from its look-alikes. */
  readonly tells: readonly string[]
  /** What to do, step by step. */
  readonly fix: readonly string[]
  /** Commands to copy, words as they are handed to the program; upper-case words such as PORT are the reader's to fill in. */
  readonly commands: readonly (readonly string[])[]
  /** Why it is so. */
  readonly background: string
}

/** What there is to say of a cause. */
export async function pageOf(id: CauseId): Promise<Page> {
  // the same from this file and from a chunk of the bundle
  return readPage((await readBytes(new URL(`../causes/pages/${id}.md`, import.meta.url))).toString())
}

/** Reads the five sections of a page; each is prose, a list, or one block of commands. Pure. */
function readPage(markdown: string): Page {
  const sections = new Map(
    markdown
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [heading = '', ...body] = section.trimEnd().split('\n')
        return [heading, body.slice(1)]
      }),
  )
  const lines = (heading: string): string[] => sections.get(heading) ?? []
  return {
    what: lines('What it means').join(' '),
    tells: items(lines('How to tell')),
    fix: items(lines('Fix')),
    commands: lines('Commands').slice(1, -1).map(words),
    background: lines('Background').join(' '),
  }
}

/** The items of a list, each with its code, indented by four, below it. */
function items(lines: readonly string[]): string[] {
  const found: string[] = []
  let fence: number | undefined
  for (const line of lines) {
    if (line.trim() === '```') fence = fence === undefined ? line.indexOf('`') : undefined
    else if (fence !== undefined) found.push(`${found.pop() ?? ''}\n    ${line.slice(fence)}`)
    else if (line !== '') found.push(line.replace(/^(?:-|\d+\.) /, ''))
  }
  return found
}

/** The words of a command; one with spaces stands in quotes. */
function words(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|\S+/g)].map(([word, single, double]) => single ?? double ?? word)
}
