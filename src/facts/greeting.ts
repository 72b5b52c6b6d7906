import { closingOf, entriesOf, literalOf } from './script-text.ts'

/** What stands for the token in a message. */
const hole = '{token}'

/** The first message of a client, which says who it is. */
export interface Greeting {
  /** With `{token}` where the token goes; undefined where not all of it can be read. */
  readonly text: string | undefined
  /** The application closes without it. */
  readonly isNeeded: boolean
  /** Where that is written: `client/src/useBoardSocket.js:9`. */
  readonly source: string
}

/** Text that is sent, the token in its place: a secret. */
export function greetingWith(text: string, token: string): string {
  // a token may have what stands for a match in a replacement
  return text.replace(hole, () => (text === hole ? token : JSON.stringify(token).slice(1, -1)))
}

/** As it may be shown. */
export function shownGreeting(text: string): string {
  return text.replace(hole, '…')
}

/** A message of a page that says who it is, and where it stands. */
interface Written {
  readonly at: number
  readonly text: string | undefined
}

/** Keys of a message, and names of a source, that hold what tells who somebody is. */
const tokenKey =
  /^(?:(?:auth|access|id|api|bearer|user|session)[_-]?)?(?:token|jwt|ticket|credentials?)$|^(?:bearer|authorization|api_?key)$/i
const tokenWords = /token|jwt|ticket|credential/i
/** What tells messages apart, and what one that says who comes calls itself. */
const kindKey = /^(?:type|action|event|kind|op|cmd|command|method)$/i
const kinds = /^(?:auth\w*|login|identify|token|jwt|init|hello|handshake|connect\w*)$/i
/** What is done when a socket has just been opened. */
const opening = /\bon-?open\b|["'`]open["'`]/i
/** How far before it that stands, in characters. */
const near = 240
/** Levels of an object that are read. */
const deepest = 3

/** The messages of a source by which its page says who it is: `send(JSON.stringify({ type: 'auth', token }))`, a bare `send(token)` when it has opened. Pure. */
export function greetingsIn(source: string): Written[] {
  return [...source.matchAll(/\bsend\w*\(\s*(JSON\.stringify\(\s*)?/g)].flatMap(({ 0: call, 1: stringify, index: at }): Written[] => {
    const start = at + call.length
    const isOpening = opening.test(source.slice(Math.max(0, at - near), at))
    const open = source[start] === '{' ? start : givenObject(source, start)
    if (open === undefined) {
      const [, code = ''] = /^([\w$.?!]+(?:\(\))?)!?\s*\)/.exec(source.slice(start, start + 100)) ?? []
      return stringify === undefined && isOpening && /(?:token|jwt)\w*(?:\(\))?$/i.test(code) ? [{ at, text: hole }] : []
    }
    const leaves = leavesOf(source, open, [], deepest)
    const tokens = leaves.filter(
      ({ path, literal, code }) => literal === undefined && (tokenKey.test(path.at(-1) ?? '') || tokenWords.test(code)),
    )
    const named = leaves.flatMap(({ path, literal }) => (kindKey.test(path.at(-1) ?? '') && typeof literal === 'string' ? [literal] : []))
    const isNamed = named.some((name) => kinds.test(name))
    const [token] = tokens
    if (token === undefined || tokens.length > 1 || !(isNamed || isOpening || named.length === 0)) return []
    if (leaves.every((leaf) => leaf === token || leaf.literal !== undefined)) return [{ at, text: worded(leaves, token) }]
    return isNamed || isOpening ? [{ at, text: undefined }] : []
  })
}

/** The brace of the object that a name is given, where a name stands there and is given one once. */
function givenObject(source: string, at: number): number | undefined {
  const [, name] = /^([A-Za-z_$][\w$]*)\s*\)/.exec(source.slice(at, at + 100)) ?? []
  if (name === undefined) return undefined
  const pattern = String.raw`\b${name.replaceAll('$', String.raw`\$`)}\s*=\s*(?:JSON\.stringify\(\s*)?(?=\{)`
  const [given, other] = source.matchAll(new RegExp(pattern, 'g'))
  return given === undefined || other !== undefined ? undefined : given.index + given[0].length
}

/** A value of an object literal, by the keys that lead to it; without `literal` it is put together at run time. */
interface Leaf {
  readonly path: readonly string[]
  readonly code: string
  readonly literal?: string | number | boolean | null
}

function leavesOf(source: string, open: number, above: readonly string[], levels: number): Leaf[] {
  // a shorthand is a key with a value of the same name
  const text = source.slice(open, closingOf(source, open)).replace(/([{,]\s*)([\w$]+)(?=\s*[,}])/g, '$1$2: $2')
  const spread: Leaf[] = /[{,]\s*\.\.\./.test(text) ? [{ path: [...above, ''], code: '' }] : []
  const leaves = entriesOf(text, 0).flatMap(({ key, value, valueAt }): Leaf[] => {
    const path = [...above, key]
    if (value.startsWith('{')) return levels === 0 ? [{ path, code: '' }] : leavesOf(text, valueAt, path, levels - 1)
    const literal = literalOf(value)
    if (literal !== undefined) return [{ path, code: value, literal }]
    return [/^(?:-?\d+(?:\.\d+)?|true|false|null)$/.test(value) ? { path, code: value, literal: JSON.parse(value) } : { path, code: value }]
  })
  return [...leaves, ...spread]
}

function worded(leaves: readonly Leaf[], token: Leaf): string {
  const [, prefix = ''] = /^`([^$`]*)\$\{[^`]*\}`$/.exec(token.code) ?? []
  const at = (inside: readonly Leaf[], depth: number): object => {
    const keys = [...new Set(inside.map(({ path }) => path[depth] ?? ''))]
    return Object.fromEntries(
      keys.map((key) => {
        const below = inside.filter(({ path }) => path[depth] === key)
        const [leaf] = below
        const isLeaf = leaf?.path.length === depth + 1
        return [key, isLeaf ? (leaf === token ? `${prefix}${hole}` : leaf.literal) : at(below, depth + 1)]
      }),
    )
  }
  return JSON.stringify(at(leaves, 0))
}
