import * as v from 'valibot'

/** Where the default database is and as whom it is opened, as DATABASES has it; an empty text where that leaves it to the driver. Told only to who is to start one. */
export const databaseServerSchema = v.object({
  fact: v.literal('database_server'),
  engine: v.string(),
  name: v.string(),
  host: v.string(),
  port: v.string(),
  user: v.string(),
  password: v.string(),
  /** A file of the driver's says more. */
  service: v.boolean(),
})
