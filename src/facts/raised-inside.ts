import * as v from 'valibot'
import { lackSchema } from './observed.ts'

const text = v.nullish(v.string())

/** A line of Python on a stack. `own`: it lies in the project, not in a library. Paths of the project are relative to the backend. */
export const frameSchema = v.object({ file: v.string(), line: v.number(), function: v.string(), own: v.boolean() })

/** An exception with those that it was chained to, the first cause last. */
export const raisedSchema = v.object({
  type: v.string(),
  message: v.string(),
  /** The last frame of the project, or where a SyntaxError lies. */
  file: text,
  line: v.nullish(v.number()),
  /** What stands in that line, where the exception is one that the application has handled. */
  written: text,
  frames: v.array(frameSchema),
  causes: v.array(v.object({ type: v.string(), message: v.string() })),
  lacks: v.nullish(lackSchema),
})
