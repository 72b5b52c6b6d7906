import { addressCauses } from './address.ts'
import type { Cause } from './cause.ts'
import { consumerCauses } from './consumer.ts'
import { databaseCauses } from './database.ts'
import { layerCauses } from './layer.ts'
import { originCauses } from './origin.ts'
import { proxyCauses } from './proxy.ts'
import { pythonCauses } from './python.ts'
import { redisCauses } from './redis.ts'
import { routingCauses } from './routing.ts'
import { serverCauses } from './server.ts'
import { settingsCauses } from './settings.ts'
import { startupCauses } from './startup.ts'
import { tokenCauses } from './token.ts'
import { urlCauses } from './url.ts'

/** Every cause that a diagnosis or a finding may name, family by family. */
const records = [
  ...serverCauses,
  ...addressCauses,
  ...urlCauses,
  ...proxyCauses,
  ...pythonCauses,
  ...settingsCauses,
  ...startupCauses,
  ...routingCauses,
  ...tokenCauses,
  ...originCauses,
  ...consumerCauses,
  ...layerCauses,
  ...redisCauses,
  ...databaseCauses,
] as const

/** The id of a cause. */
export type CauseId = (typeof records)[number]['id']

/** A cause of the list. */
export type KnownCause = Cause & { readonly id: CauseId }

export const causes: readonly KnownCause[] = records

const byId: ReadonlyMap<string, KnownCause> = new Map(causes.map((cause) => [cause.id, cause]))

/** Whether the text is the id of a cause, letter by letter. */
export function isCauseId(text: string): text is CauseId {
  return byId.has(text)
}

/** What is known of a cause beforehand. */
export function causeOf(id: CauseId): KnownCause {
  const cause = byId.get(id)
  if (cause === undefined) throw new Error(`No such cause: ${id}`)
  return cause
}
