import { connect } from 'node:net'
import * as v from 'valibot'
import { errorCode } from '../errors.ts'
import type { RunState } from '../facts/run-state.ts'
import { pageCauseSchema, runMeansSchema, runStatusSchema, type PageCause, type RunMeans, type RunStatus } from '../facts/run-status.ts'
import { deadline } from '../host/deadline.ts'
import { parseAs } from '../host/json-shape.ts'

/** One request a connection: a line of JSON, answered by a line of JSON. */
export const requestSchema = v.object({
  key: v.string(),
  ask: v.picklist(['status', 'restart', 'verify', 'stop', 'means', 'page']),
  service: v.nullable(v.string()),
})

const answerSchema = v.variant('ok', [
  v.object({ ok: v.literal(true), status: runStatusSchema, means: v.optional(runMeansSchema), page: v.optional(v.array(pageCauseSchema)) }),
  v.object({ ok: v.literal(false), code: v.string(), message: v.string(), hint: v.nullable(v.string()) }),
])

export type ControlRequest = v.InferOutput<typeof requestSchema>
export type ControlAnswer = v.InferOutput<typeof answerSchema>

/** What came of asking a launcher. */
export type ControlOutcome =
  | {
      readonly kind: 'answer'
      readonly status: RunStatus
      readonly means?: RunMeans | undefined
      readonly page?: readonly PageCause[] | undefined
    }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly hint: string | undefined }
  /** It takes the connection, or holds it up, and says nothing within the deadline: it hangs. */
  | { readonly kind: 'silent' }
  /** Nobody is there, or it went away before it answered. */
  | { readonly kind: 'absent'; readonly reason: string }

/** An answer is no longer than this, in characters. */
const longestAnswer = 4_000_000

/** Asks the launcher of a run; `deadlineMs` bounds all of it. Never throws. */
export async function askRun(
  run: Pick<RunState, 'control'>,
  ask: ControlRequest['ask'],
  options: { readonly deadlineMs: number; readonly service?: string | undefined },
): Promise<ControlOutcome> {
  const { control } = run
  if (control === null) return { kind: 'absent', reason: 'it takes no requests' }
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(control.address)
    const done = (outcome: ControlOutcome) => {
      quit()
      socket.destroy()
      resolve(outcome)
    }
    const quit = deadline(options.deadlineMs, () => done({ kind: 'silent' }))
    socket.setEncoding('utf8')
    socket.once('connect', () => socket.write(`${JSON.stringify({ key: control.key, ask, service: options.service ?? null })}\n`))
    socket.once('error', (error) => done({ kind: 'absent', reason: errorCode(error) ?? error.message }))
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.length > longestAnswer) done({ kind: 'absent', reason: 'its answer is none' })
    })
    socket.once('close', () => done(outcomeOf(text)))
  })
}

/** Why a launcher gave no answer: `does not answer within 2 s`. */
export function unansweredWords(outcome: Exclude<ControlOutcome, { kind: 'answer' }>, deadlineMs: number): string {
  if (outcome.kind === 'silent') return `does not answer within ${deadlineMs / 1000} s`
  return `can't be asked (${outcome.kind === 'refused' ? outcome.message : outcome.reason})`
}

function outcomeOf(text: string): ControlOutcome {
  const answer = parseAs(answerSchema, text)
  if (answer === undefined) return { kind: 'absent', reason: text === '' ? 'it closed without an answer' : 'its answer is none' }
  if (answer.ok) return { kind: 'answer', status: answer.status, means: answer.means, page: answer.page }
  return { kind: 'refused', code: answer.code, message: answer.message, hint: answer.hint ?? undefined }
}
