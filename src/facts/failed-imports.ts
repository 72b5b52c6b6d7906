import * as v from 'valibot'

const distribution = v.object({ name: v.string(), version: v.string() })

/** Two distributions that don't fit each other: the import of one fails in its own code, for another one that is there. `asks`: what it asks of it. */
export const clashSchema = v.object({
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
export const importsSchema = v.object({
  fact: v.literal('imports'),
  missing: v.array(v.object({ module: v.string(), file: v.string(), line: v.number() })),
})

/** Files of the backend that hide a package of the same name: `channels.py` beside manage.py. */
export const shadowsSchema = v.object({ fact: v.literal('shadows'), files: v.array(v.object({ name: v.string(), file: v.string() })) })
