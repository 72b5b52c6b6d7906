import { raisedText, wantedVariable } from '../../facts/examination.ts'
import { booleanOf, dotenvValue, entriesOf, parseDotenv } from '../../facts/dotenv.ts'
import { isSigningKey } from '../../host/secret-names.ts'
import { dotenvSource, entryWith, inFile } from '../../facts/dotenv-survey.ts'
import type { Evidence } from '../../checks/evidence.ts'
import { pathsOf } from '../../host/paths.ts'
import { unlikeExample } from '../../plan/variables.ts'
import { givenValue } from './variables.ts'
import { lostModule } from '../../plan/own-module.ts'
import { editDistance } from '../../plan/edit-distance.ts'
import { editDotenv, sourceOf } from './files.ts'
import { edited, isNoFix, fix, noFix, type Fix, type Planner, type PlannerOf, type NoFix } from '../step.ts'
import { handOver, startWithout } from './serving.ts'

/** What the settings' import says, with the causes behind it. */
export function importError({ examination }: Pick<Evidence, 'examination'>): string {
  const error = examination?.errorOf('settings') ?? examination?.errorOf('folders') ?? examination?.errorOf('application')
  return error === undefined ? '' : raisedText(error)
}

/** The word nearest to what was written; a letter or two may be wrong, not the whole word. */
export function nearestBoolean(written: string): 'True' | 'False' | undefined {
  const word = written
    .trim()
    .toLowerCase()
    .replace(/^['"]|['"]$/g, '')
  const [toTrue, toFalse] = [editDistance(word, 'true'), editDistance(word, 'false')]
  if (Math.min(toTrue, toFalse) > 2 || toTrue === toFalse) return undefined
  return toTrue < toFalse ? 'True' : 'False'
}

/** A boolean that isn't one gets the nearest word; one that `bool()` turns round is emptied, which alone is false to it. */
export const correctBoolean: Planner = (evidence, facts) => {
  const written = /(?:Invalid truth value|Not a boolean): ?(.*)/i.exec(importError(evidence))?.[1]?.replace(/^['"]|['"]$/g, '')
  if (written !== undefined) {
    const entry = entriesOf(evidence.dotenv?.fact).findLast(({ value }) => value.toLowerCase() === written.toLowerCase())
    const fromShell = Object.entries(evidence.env).find(([, text]) => text?.toLowerCase() === written.toLowerCase())?.[0]
    if (entry === undefined)
      return fromShell === undefined ? noFix("where the value comes from can't be told") : startWithout(evidence, facts, fromShell)
    const word = nearestBoolean(written)
    return word === undefined
      ? noFix(`${entry.key} is nearer to neither True nor False: only you know which was meant`)
      : edited(editDotenv(evidence, [[entry.key, word]]))
  }
  const values = evidence.examination?.get('settings')?.values ?? []
  for (const { name, kind, value } of values) {
    const entry = inFile(evidence, name)
    if (kind !== 'bool' || entry === undefined || evidence.env[name] !== undefined) continue
    const meant = booleanOf(entry.value)
    if (meant === false && value?.toLowerCase() === 'true') return edited(editDotenv(evidence, [[name, '']]))
    if (meant === undefined && entry.value !== '') {
      const word = nearestBoolean(entry.value)
      if (word !== undefined) return edited(editDotenv(evidence, [[name, word]]))
    }
  }
  return noFix("which value is meant can't be told")
}

/** The `.env` isn't where it is looked for, or lacks a key: what was meant for it is copied there, the original stays. */
export const placeDotenv: PlannerOf<'dotenv' | 'checkout' | 'examination'> = (evidence, facts) => {
  const { dotenv, checkout } = evidence
  if (dotenv === undefined || checkout === undefined) return noFix('there is no project here')
  const { fact, others } = dotenv
  if (fact.kind === 'unreadable') return noFix(`${dotenv.shown} can't be read: ${fact.reason}`)
  const source = dotenvSource(dotenv)
  if (fact.kind === 'absent') {
    if (source === undefined) return newDotenv(evidence, facts.secret)
    const values = [...(unlikeExample(evidence, facts) ?? [])].map(([name, value]) => [name, givenValue(name, value, facts)] as const)
    const copy = { kind: 'copy' as const, from: source.path, to: checkout.project.dotenv, fresh: source.kind === 'example' }
    return fix([values.length === 0 ? copy : { ...copy, values }], { restart: true })
  }
  const wanted = wantedVariable(importError(evidence))
  if (wanted === undefined) return noFix("which key is missing can't be told")
  const there = inFile({ dotenv }, wanted)
  if (there !== undefined && there.value !== '')
    return noFix(`${there.shown} has ${wanted} already, and what asks for it does not read that file: load it there, or ask by what does`)
  if (isSigningKey(wanted)) return edited(editDotenv(evidence, [[wanted, facts.secret]]))
  for (const { path } of others) {
    const entries = parseDotenv(facts.texts.get(path) ?? '', checkout.project.dotenvReader ?? 'decouple')
    const value = dotenvValue(entries, wanted, checkout.project.dotenvReader ?? 'decouple')?.value
    if (value !== undefined && value !== '') return edited(editDotenv(evidence, [[wanted, value]]))
  }
  return noFix(`no file here has a value for ${wanted}`)
}

/** A module that each developer makes for himself is copied from its sample. */
export const placeModule: PlannerOf<'checkout' | 'examination'> = ({ checkout, examination }, { platform }) => {
  const lost = lostModule(examination)
  if (lost === undefined || checkout === undefined) return noFix('no file here could be the module')
  const { join } = pathsOf(platform)
  const [from, to] = [join(checkout.project.backend, lost.sample), join(checkout.project.backend, lost.path)]
  return fix([{ kind: 'copy', from, to, fresh: false }], { restart: true })
}

function newDotenv(evidence: Pick<Evidence, 'dotenv' | 'checkout' | 'examination'>, secret: string): Fix | NoFix {
  const wanted = wantedVariable(importError(evidence))
  if (wanted === undefined || !isSigningKey(wanted)) return noFix(`no file here has a value for ${wanted ?? 'what the settings ask for'}`)
  return edited(editDotenv(evidence, [[wanted, secret]]))
}

/** The same text as UTF-8 without a byte order mark. */
export const encodeDotenv: Planner = ({ dotenv }, facts) => {
  if (dotenv === undefined) return noFix('there is no .env')
  const bytes = dotenv.fact.kind === 'present' ? dotenv.fact.bytes : facts.dotenvBytes
  const text = bytes === undefined ? undefined : decoded(bytes)
  if (bytes === undefined || text === undefined) return noFix(`the encoding of ${dotenv.shown} can't be told`)
  return fix([{ kind: 'edit', file: dotenv.fact.path, before: bytes, after: text, language: 'dotenv' }], {
    restart: true,
    notes: [`${dotenv.shown} gets the same text, in UTF-8 without a byte order mark`],
  })
}

/** The text of bytes in the encodings that editors write; undefined where it is none of them. */
export function decoded(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  if (bytes.includes(0))
    return bytes[1] === 0
      ? new TextDecoder('utf-16le').decode(bytes)
      : bytes[0] === 0
        ? new TextDecoder('utf-16be').decode(bytes)
        : undefined
  try {
    // takes off a mark by itself
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** A comment behind a number is taken off, a port in a host becomes the port. */
export const bareValue: Planner = (evidence, facts) => {
  const number = /(?:invalid literal for int\(\) with base 10|could not convert string to float): ['"]?(.*?)['"]?$/m.exec(
    importError(evidence),
  )?.[1]
  const named = evidence.checkout?.redis
  const name = evidence.redis?.malformed?.name ?? (named?.kind === 'malformed' ? named.name : undefined)
  const entries = entriesOf(evidence.dotenv?.fact)
  const entry = (number === undefined ? undefined : entryWith(evidence, number)) ?? entries.findLast(({ key }) => key === name)
  if (entry === undefined) {
    const shell = name ?? Object.entries(evidence.env).find(([, text]) => text === number)?.[0]
    return shell !== undefined && sourceOf(evidence, shell) === 'shell'
      ? startWithout(evidence, facts, shell)
      : noFix("where the value comes from can't be told")
  }
  const pairs = bareOf(entry.key, entry.value)
  return pairs === undefined ? noFix(`what ${entry.key} was meant to be can't be told`) : edited(editDotenv(evidence, pairs))
}

/** The keys and values that a malformed one was meant as. */
export function bareOf(key: string, value: string): readonly (readonly [string, string])[] | undefined {
  const uncommented = /^\s*['"]?([^\s#'"]+)['"]?\s+#/.exec(value)?.[1] ?? value.trim().replace(/^['"]|['"]$/g, '')
  if (/HOST/.test(key)) {
    const [, host, port] = /^(?:[a-z]+:\/\/)?(\[[0-9a-f:]+\]|[^\s/:@]+)(?::(\d{1,5}))?\/?$/i.exec(uncommented) ?? []
    if (host === undefined) return undefined
    const bare = host.replace(/^\[|\]$/g, '')
    return port === undefined
      ? [[key, bare]]
      : [
          [key, bare],
          [key.replace('HOST', 'PORT'), port],
        ]
  }
  const bare = /^[+-]?\d+(?:\.\d+)?$/.exec(uncommented)?.[0]
  return bare === undefined || bare === value ? undefined : [[key, bare]]
}

/** A variable of the shell beats `.env`: the shell is the user's, `start` leaves the variable out. */
export const leaveOut: Planner = (evidence, facts, { commands }) => {
  const name = commands.flatMap(([program, first = '', second = '']) =>
    program === 'env' ? [second] : program === 'Remove-Item' ? [first.slice('Env:'.length)] : [],
  )[0]
  return name === undefined ? noFix("which variable it is can't be told") : startWithout(evidence, facts, name)
}

/** Folders that LOGGING writes into. */
export const makeFolders: PlannerOf<'checkout' | 'examination'> = ({ examination, checkout }, { platform }, { commands }) => {
  const { dirname, resolve } = pathsOf(platform)
  const base = checkout?.project.backend ?? '.'
  const root = checkout?.project.root ?? '.'
  const seen = examination?.get('folders')?.missing.map(({ folder }) => resolve(base, folder)) ?? []
  const said = commands.flatMap((words) => (words[0] === 'mkdir' ? words.slice(1).filter((word) => !word.startsWith('-')) : []))
  const inError = /FileNotFoundError: .*?['"]([^'"]+)['"]/.exec(importError({ examination }))?.[1]
  const ways = [seen, said.map((folder) => resolve(root, folder)), inError === undefined ? [] : [dirname(resolve(base, inError))]]
  const folders = ways.find(({ length }) => length > 0)
  if (folders === undefined) return noFix("which folder it is can't be told")
  const actions = [...new Set(folders)].map((path) => ({ kind: 'make-folder' as const, path }))
  return fix(actions, { restart: true })
}

/** Empties the password that a Redis without one is sent. */
export const emptyPassword: Planner = (evidence, facts) => {
  const name = ['REDIS_PASSWORD', 'REDIS_URL'].find((key) => (evidence.env[key] ?? inFile(evidence, key)?.value ?? '') !== '')
  if (name === undefined) return noFix("where the password comes from can't be told: it stands in the settings")
  const source = sourceOf(evidence, name)
  if (source === 'shell') return startWithout(evidence, facts, name)
  if (source !== 'file') return noFix(`${name} isn't read from .env`)
  const value = inFile(evidence, name)?.value ?? ''
  return edited(editDotenv(evidence, [[name, name === 'REDIS_URL' ? value.replace(/^(\w+:\/\/)[^@/]*@/, '$1') : '']]))
}

/** The in-memory layer in place of a Redis that can't be used: by `.env` where it is read, else for this run. */
export const memoryInstead: Planner = (evidence, facts, cause) => {
  const variable = evidence.checkout?.layerVariable
  // the rule has seen that the settings would find it
  if (variable === undefined && cause.commands.some((words) => words.includes('--managed-redis')))
    return handOver(evidence, facts, { managedRedis: true })
  if (variable === undefined)
    return noFix('no variable is known by which the settings choose the channel layer: start Redis, or change CHANNEL_LAYERS')
  const source = sourceOf(evidence, variable)
  if (source === 'file' || source === 'neither') {
    const step = editDotenv(evidence, [[variable, 'False']])
    if (!('noFix' in step)) return edited(step)
  }
  return handOver(evidence, facts, { channelLayer: 'memory' }, [`${variable} comes from the environment: start sets it for this run`])
}

/** Redis instead of a layer in each process, where there is one that can carry it; else one process. */
export const sharedLayer: Planner = (evidence, facts) => {
  const variable = evidence.checkout?.layerVariable
  if (facts.redisUsable === true && variable !== undefined) {
    const source = sourceOf(evidence, variable)
    if (source === 'file' || source === 'neither') {
      const plan = edited(editDotenv(evidence, [[variable, 'True']]))
      return isNoFix(plan) ? plan : { ...plan, notes: ['Every instance has to be started anew'] }
    }
  }
  const port = evidence.wire.endpoint.port
  const several = evidence.servers.onPorts.find(
    (server) => server.listens.some((at) => at.port === port) && (server.command?.workers ?? 1) > 1,
  )
  if (several !== undefined) return handOver(evidence, facts, {}, ['One process serves now: every broadcast reaches everybody'])
  return noFix('there is no Redis that could carry the layer: start one, or run one instance')
}
