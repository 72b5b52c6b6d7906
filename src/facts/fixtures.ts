import { join } from 'node:path'
import * as v from 'valibot'
import { readText } from '../host/files.ts'
import { parseAs } from '../host/json-shape.ts'
import { sourcesOf } from './source-texts.ts'

/** A file that `manage.py loaddata` takes, with its rows. */
export interface Fixture {
  /** Absolute. */
  readonly file: string
  readonly rows: readonly {
    /** In small letters, as Django writes it: `rooms.room`. */
    readonly model: string
    /** The primary key, and all that the fields have, as a path would hold it. */
    readonly values: readonly string[]
  }[]
}

const bounds = { files: 2000, fixtures: 20, ms: 300 }

const plain = v.nullish(v.union([v.string(), v.number()]))
const schema = v.array(v.object({ model: v.string(), pk: plain, fields: v.optional(v.record(v.string(), v.unknown()), {}) }))

/** The fixtures of a backend's apps, as JSON. Never throws. */
export async function fixturesOf(backend: string): Promise<Fixture[]> {
  const files = await sourcesOf(backend, bounds.files, performance.now() + bounds.ms, { also: (name) => name.endsWith('.json') })
  const fixtures = files.filter((file) => /(?:^|\/)fixtures\/(?:[^/]+\/)*[^/]+\.json$/.test(file)).slice(0, bounds.fixtures)
  return Promise.all(
    fixtures.map(async (name) => {
      const file = join(backend, name)
      const rows = parseAs(schema, (await readText(file)) ?? '') ?? []
      return {
        file,
        rows: rows.map(({ model, pk, fields }) => ({ model: model.toLowerCase(), values: written([pk, ...Object.values(fields)]) })),
      }
    }),
  )
}

function written(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string' || typeof value === 'number').map(String)
}
