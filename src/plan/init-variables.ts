import { ownPrefixes } from '../dev-tools/of-each.ts'
import { booleanOf } from '../facts/dotenv.ts'
import type { JudgedCommand, OldScript } from '../facts/old-scripts.ts'
import { fromRoot, type ScriptVariable } from '../facts/old-scripts-session.ts'
import { namesSecret } from '../host/secret-names.ts'
import type { InitFacts } from './init.ts'
import { chosen, holdsLogin, saidMore, takerInto, type InitDecision, type InitNote, type SaidByName, type Taken } from './init-sources.ts'

/** Variables that have a key of their own, or that only the shell needs. */
const passedOver = /^(?:DJANGO_SETTINGS_MODULE|PATH|VIRTUAL_ENV|HOST|PORT|HOSTNAME|PWD|HOME|SHELL|TERM|TITLE|BROWSER|ERRORLEVEL)$/i
/** What the page's own tools read. */
export const frontendVariable = new RegExp(`^(?:${ownPrefixes.join('|')}|NODE_|BROWSER$|CHOKIDAR_)`)

/** Sorts the variables that the scripts set for the backend. Pure. */
export function variablesOf(
  commands: readonly (JudgedCommand & { readonly script: OldScript })[],
  { layerVariable, wishesRedis, dotenv }: InitFacts,
): InitDecision {
  const said: SaidByName = new Map()
  const secrets = new Map<string, ScriptVariable>()
  const notes: InitNote[] = []
  for (const { env, script } of commands) {
    for (const variable of env) {
      const { name, value, place } = variable
      if (passedOver.test(name) || frontendVariable.test(name) || value === '' || value.includes(fromRoot)) continue
      if (namesSecret(name) || holdsLogin(value)) {
        if (!secrets.has(name)) secrets.set(name, variable)
      } else if (isUnknown(value)) notes.push(note(`${name} is put together at run time, and left out`, variable))
      else if (script.kind === 'compose' && namesService(value, script.compose.services))
        notes.push(note(`${name} names a container, which this machine doesn't know by that name: left out`, variable))
      else saidMore(said, name, { value, place })
    }
  }
  const layer = layerVariable === undefined ? undefined : chosen('channelLayer', said.get(layerVariable) ?? [])
  const redis = layer === undefined ? undefined : booleanOf(layer.value)
  const isLayer = redis !== undefined && layer !== undefined
  // in memory is what start does where nobody wishes for Redis
  const channelLayer =
    redis === undefined || redis === (wishesRedis ?? false) ? undefined : redis ? ('redis' as const) : ('memory' as const)
  const env: Record<string, string> = {}
  const taken: Taken[] = isLayer ? [{ ...layer.taken, value: redis ? 'redis' : 'memory', written: channelLayer !== undefined }] : []
  const take = takerInto(env, taken, 'env.')
  for (const [name, values] of said) if (!isLayer || name !== layerVariable) take(name, values)
  const warnings = [...secrets.values()].map((variable) => ({
    text: `${variable.name} looks like a secret: it is not copied`,
    place: variable.place,
    hint: `Put it into ${dotenv}, which git ignores, and take it out of the script.`,
  }))
  const config = { ...(channelLayer === undefined ? {} : { channelLayer }), ...(Object.keys(env).length === 0 ? {} : { env }) }
  return { config, taken, warnings, notes: unique(notes) }
}

/** True where a value has parts that only the shell knows. */
export function isUnknown(value: string): boolean {
  return /\$[\w({]|%\w+%/.test(value)
}

function namesService(value: string, services: readonly string[]): boolean {
  return services.some((service) => new RegExp(`(?:^|//|@)${service.replace(/[^\w-]/g, '.')}(?:[:/]|$)`).test(value))
}

function note(text: string, { place }: ScriptVariable): InitNote {
  return { text, place }
}

function unique(notes: readonly InitNote[]): InitNote[] {
  return notes.filter(({ text }, index) => notes.findIndex((other) => other.text === text) === index)
}
