import * as v from 'valibot'
import { runStatusSchema } from '../facts/run-status.ts'

/** One request a connection: a line of JSON, answered by a line of JSON. */
export const requestSchema = v.object({
  key: v.string(),
  ask: v.picklist(['status', 'restart', 'verify', 'stop']),
  service: v.nullable(v.string()),
})

export const answerSchema = v.variant('ok', [
  v.object({ ok: v.literal(true), status: runStatusSchema }),
  v.object({ ok: v.literal(false), code: v.string(), message: v.string(), hint: v.nullable(v.string()) }),
])

export type ControlRequest = v.InferOutput<typeof requestSchema>
export type ControlAsk = ControlRequest['ask']
export type ControlAnswer = v.InferOutput<typeof answerSchema>
