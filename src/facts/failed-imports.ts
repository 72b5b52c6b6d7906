import * as v from 'valibot'

const distribution = v.object({ name: v.string(), version: v.string() })

/** Two distributions that don't fit each other: the import of one fails in its own code, for another one that is there. `asks`: what it asks of it. */
const clashSchema = v.object({
  fact: v.literal('clash'),
  importer: distribution,
  other: distribution,
  asks: v.nullish(v.string()),
  type: v.string(),
  message: v.string(),
  file: v.string(),
  line: v.number(),
})

/** Modules that the project's own import and that are nowhere, with the first line that does; told where an import has failed. */
const importsSchema = v.object({
  fact: v.literal('imports'),
  missing: v.array(v.object({ module: v.string(), file: v.string(), line: v.number() })),
})

/** Modules of the project that aren't there, while the file that they are to be copied from is: paths below the backend; told where an import has failed. */
const samplesSchema = v.object({
  fact: v.literal('samples'),
  modules: v.array(v.object({ module: v.string(), file: v.string(), line: v.number(), path: v.string(), sample: v.string() })),
})

/** Files of the backend that hide a package of the same name: `channels.py` beside manage.py. */
const shadowsSchema = v.object({ fact: v.literal('shadows'), files: v.array(v.object({ name: v.string(), file: v.string() })) })

/** What is told of imports. */
export const importSchemas = [importsSchema, clashSchema, samplesSchema, shadowsSchema] as const
