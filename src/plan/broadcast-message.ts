import type { BroadcastMessage } from '../config/schema.ts'
import { parseJson } from '../host/json.ts'

/** What stands for the random word. */
const placeholder = '{marker}'

/** One message that is sent, and how it is known where it arrives. */
export interface MarkedMessage {
  readonly text: string
  /** Whether a text that arrived is what the application made of it. */
  readonly isIt: (text: string) => boolean
}

/** The message with the random word in it, and what is looked for: what is expected, else the word, else any message. Pure. */
export function marked(message: BroadcastMessage, marker: string): MarkedMessage {
  const text = JSON.stringify(filled(message.send, marker))
  if (message.expect !== undefined) {
    const expected = filled(message.expect, marker)
    return { text, isIt: (arrived) => contains(parseJson(arrived), expected) }
  }
  return { text, isIt: hasMarker(message.send) ? (arrived) => arrived.includes(marker) : () => true }
}

/** True where what arrives can be told from what others send at the same time. */
export function isMarked({ send, expect }: BroadcastMessage): boolean {
  return hasMarker(expect ?? send)
}

function hasMarker(value: unknown): boolean {
  return JSON.stringify(value).includes(placeholder)
}

/** The same value with the word in every text that has its place. */
function filled(value: unknown, marker: string): unknown {
  if (typeof value === 'string') return value.replaceAll(placeholder, marker)
  if (Array.isArray(value)) return value.map((item) => filled(item, marker))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, marker)]))
}

/** Whether a value has all of the parts: objects may have more keys, everything else is the same. */
export function contains(value: unknown, part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return Object.is(value, part)
  if (typeof value !== 'object' || value === null || Array.isArray(value) !== Array.isArray(part)) return false
  if (Array.isArray(value) && Array.isArray(part) && value.length !== part.length) return false
  const fields = new Map<string, unknown>(Object.entries(value))
  return Object.entries(part).every(([key, item]) => fields.has(key) && contains(fields.get(key), item))
}
