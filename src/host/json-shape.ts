import * as v from 'valibot'
import { parseJson } from './json.ts'

/** A text of JSON as what the schema says, or undefined. */
export function parseAs<Schema extends v.GenericSchema>(schema: Schema, text: string): v.InferOutput<Schema> | undefined {
  const result = v.safeParse(schema, parseJson(text))
  return result.success ? result.output : undefined
}
