/** What Django's system checks say, as `runserver`, `migrate` and `check` print it. */
/** A message of Django's system checks that keeps its commands from running. */
interface FailedCheck {
  /** `fields.E300`; a check of the project's own may have none. */
  readonly id: string | undefined
  /** What it is about, as Django names it: `shop.Item.owner`, `<class 'shop.admin.ItemAdmin'>`, or `?`. */
  readonly object: string
  readonly message: string
  readonly hint: string | undefined
}

/** How many messages are shown; the others are counted. */
const shownChecks = 5

/** A message as Django prints it (django/core/checks/messages.py, `CheckMessage.__str__`). Pure. */
export function checkOf(text: string): FailedCheck {
  const [first = '', hint] = text.split(/\s*\n\s*HINT: /)
  const [, object = '?', id, message = first] = /^(.+?): (?:\((\w[\w.]*\.[A-Z]\d+)\) )?(.*)$/s.exec(first) ?? []
  return { id, object, message: message.trim(), hint: hint?.trim() }
}

/** The messages of the last SystemCheckError in a log, errors and worse alone. Pure. */
export function checksIn(lines: readonly string[]): FailedCheck[] {
  const begin = lines.findLastIndex((line) => /SystemCheckError: System check identified/.test(line))
  const texts: string[] = []
  let isSerious = false
  for (const line of begin === -1 ? [] : lines.slice(begin + 1)) {
    if (/^(?:System check identified|Traceback )/.test(line)) break
    const header = /^(CRITICALS|ERRORS|WARNINGS|INFOS|DEBUGS):$/.exec(line.trim())?.[1]
    if (header !== undefined) isSerious = header === 'CRITICALS' || header === 'ERRORS'
    else if (isSerious && line.trim() !== '') {
      const last = texts.at(-1)
      // a message may have several lines, of which the first alone names something
      if (last === undefined || /^(?:\?|\(?[\w.]+\)?|<[^>]*>): |^\S.*?: \([\w.]+\.[A-Z]\d+\) /.test(line)) texts.push(line)
      else texts[texts.length - 1] = `${last}\n${line}`
    }
  }
  return texts.map((text) => checkOf(text))
}

/** Checks that fail, in words. */
export interface ChecksFailed {
  readonly title: string
  /** A line each, the first ones. */
  readonly evidence: readonly [string, ...string[]]
  readonly remedy: string
  /** Nothing is missing but the library of an ImageField. */
  readonly wantsPillow: boolean
}

/** What failed checks come to; undefined where all of them have causes of their own. Pure. */
export function checksFailed(failed: readonly FailedCheck[]): ChecksFailed | undefined {
  // "daphne" after staticfiles is daphne-app-order
  const own = failed.filter(({ id }) => id !== 'daphne.E001')
  const [first, ...rest] = own
  if (first === undefined) return undefined
  const words = own.slice(1, shownChecks).map(wordsOf)
  const hidden = own.length - 1 - words.length
  const place = first.object === '?' ? '' : ` of ${first.object}`
  return {
    title: `Django's system checks fail: ${first.id ?? first.message.slice(0, 80)}${place}${rest.length === 0 ? '' : ` and ${rest.length} more`}`,
    evidence: [wordsOf(first), ...words, ...(hidden > 0 ? [`${hidden} more fail`] : [])],
    remedy: `${first.hint === undefined ? 'Correct what it names.' : `Django says: ${first.hint.replace(/[.]?$/, '.')}`} runserver and migrate refuse to run until python manage.py check finds no error.`,
    wantsPillow: own.every(({ id }) => id === 'fields.E210'),
  }
}

const wordsOf = ({ id, object, message, hint }: FailedCheck): string =>
  `${object}: ${id === undefined ? '' : `(${id}) `}${message}${hint === undefined ? '' : ` HINT: ${hint}`}`
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300)
