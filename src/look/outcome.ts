import { exceptionFrom, type LoggedException } from '../checks/traceback.ts'
import type { ObservedHandshake, Refusal } from '../facts/observed.ts'
import type { Observer } from '../run/observer.ts'

/** How long the word of the observer about a handshake is waited for, in milliseconds: it comes through a pipe, the answer over TCP. */
const outcomeMs = 200

/** Who closed a socket of ours after the mark, where the application did. */
export async function closedSince(observer: Observer, mark: number, path: string): Promise<Refusal | undefined> {
  const ours = new Set<number>()
  return observer.first(
    mark,
    (event) => {
      if (event.event === 'opened' && event.probe && event.path === path) ours.add(event.id)
      return event.event === 'closed' && ours.has(event.id) && event.place !== undefined ? event : undefined
    },
    outcomeMs,
  )
}

/** Whether all that the application does at the first handshake of ours at `path` after the mark has come to its end: it asks for the next message within `deadlineMs` milliseconds, and nothing that it began is left to close the socket. */
export async function isIdleSince(observer: Observer, mark: number, path: string, deadlineMs: number): Promise<boolean> {
  let ours: number | undefined
  const idle = await observer.first(
    mark,
    (event) => {
      if (event.event === 'opened' && event.probe && event.path === path) ours ??= event.id
      return event.event === 'idle' && event.id === ours ? !event.busy : undefined
    },
    deadlineMs,
  )
  return idle === true
}

/** Who stood at the consumer of the last socket of ours at `path` that was accepted after the mark; nobody where that isn't known, or is nobody. */
export function userSince(observer: Observer, mark: number, path: string): string | undefined {
  const user = standingSince(observer, mark, path)
  return user?.authenticated === true ? (user.name ?? undefined) : undefined
}

/** Who stood at the consumer of the page's own socket at one of these paths after the mark; nobody where that isn't known, or is nobody. */
export function pageUserAt(observer: Observer, mark: number, paths: readonly string[]): string | undefined {
  const events = observer.since(mark)
  const own = new Set(events.flatMap((event) => (event.event === 'opened' && event.page && paths.includes(event.path) ? [event.id] : [])))
  const last = events.findLast((event) => event.event === 'accepted' && own.has(event.id))
  return last?.event === 'accepted' && last.user?.authenticated === true ? (last.user.name ?? undefined) : undefined
}

/** Whether nobody that the project knows stood there. */
export function strangerSince(observer: Observer, mark: number, path: string): boolean {
  return standingSince(observer, mark, path)?.authenticated === false
}

function standingSince(observer: Observer, mark: number, path: string) {
  const events = observer.since(mark)
  const ours = new Set(events.flatMap((event) => (event.event === 'opened' && event.probe && event.path === path ? [event.id] : [])))
  const last = events.findLast((event) => event.event === 'accepted' && ours.has(event.id))
  return last?.event === 'accepted' ? last.user : undefined
}

/** What became of the first handshake of ours at `path` after the mark, once it has been accepted, was refused or has raised. */
export async function handshakeSince(observer: Observer, mark: number, path: string): Promise<ObservedHandshake | undefined> {
  let ours: number | undefined
  return observer.first(
    mark,
    (event) => {
      if (event.event === 'opened' && ours === undefined && event.probe && event.path === path) ours = event.id
      if (!('id' in event) || event.id !== ours) return undefined
      if (event.event === 'accepted') return { refused: undefined, raised: undefined }
      if (event.event === 'refused') return { refused: event, raised: undefined }
      if (event.event === 'raised') return { refused: undefined, raised: event }
      return undefined
    },
    outcomeMs,
  )
}

/** What left the application on our own sockets at `path` after the mark: on the last of all where they were `open`, else on the first, since experiments follow it. */
export function raisedSince(observer: Observer, mark: number, path: string, open: boolean): LoggedException | undefined {
  const events = observer.since(mark)
  const first = events.find((event) => event.event === 'opened' && event.probe && event.path === path)
  const ours = events.flatMap((event) => (event.event === 'raised' && event.probe && event.path === path ? [event] : []))
  const found = open ? ours.at(-1) : ours.find(({ id }) => first !== undefined && 'id' in first && id === first.id)
  return found === undefined ? undefined : exceptionFrom(found)
}
