import { booleanOf } from '../facts/dotenv.ts'
import { redisVariables } from '../facts/redis-endpoint.ts'
import { isRedisLayer } from '../facts/redis-now.ts'
import { takesAnyText } from '../facts/settings-lines.ts'
import { shownValue } from '../host/secrets.ts'
import { all, diagnosis, type Diagnosis } from './diagnosis.ts'
import { inFile } from '../facts/dotenv-survey.ts'
import { judgeReversed, judgeShadowed, placeOfVariable } from './dotenv.ts'
import type { Evidence } from './evidence.ts'

/** Why the settings ask for the Redis that `cause` is about, where a `.env` or a variable says otherwise. Pure. */
export function judgeSources(evidence: Evidence, cause: Diagnosis): Diagnosis[] {
  const { checkout, redisOfFile } = evidence
  const layer = checkout?.layerVariable
  const unwanted = layer !== undefined && checkout?.wish.kind === 'set' && checkout.wish.redis && isFalse(inFile(evidence, layer)?.value)
  return all(
    judgeTakenForTrue(evidence, cause),
    unwanted ? judgeShadowed(evidence, [layer], cause) : undefined,
    redisOfFile?.fact?.usable === true ? judgeShadowed(evidence, redisVariables, cause) : undefined,
    judgeUnread(evidence, cause),
  )
}

const isFalse = (value: string | undefined): boolean => value !== undefined && value.trim() !== '' && booleanOf(value) === false

/** The variable says False, and the settings use Redis, since every text is true to them. */
function judgeTakenForTrue(evidence: Evidence, cause: Diagnosis): Diagnosis | undefined {
  const { checkout, examination } = evidence
  const name = checkout?.layerVariable
  if (name === undefined || checkout?.wish.kind !== 'set' || checkout.wish.redis) return undefined
  const at = takesAnyText(evidence.settingsLines, name)
  if (at === undefined || !isRedisLayer(examination?.get('settings')?.layer_backend)) return undefined
  const value = evidence.env[name] ?? inFile(evidence, name)?.value ?? 'False'
  return diagnosis(
    'env-bool-typo',
    `${name} is ${value}, but the settings read it as true`,
    [
      `${placeOfVariable(evidence, name)}: ${name}=${value}`,
      `${at.file}:${at.line} reads any text as true: \`${at.text.slice(0, 160)}\``,
      ...cause.evidence,
    ],
    'Read it with cast=bool of decouple (env.bool of django-environ), or compare its text: .lower() == "true".',
  )
}

/** A truth value that the settings read as another one, and that breaks no socket. Pure. */
export function judgeBooleans(evidence: Evidence): Diagnosis[] {
  return [...judgeReversed(evidence), ...judgeNoBoolean(evidence)]
}

/** A word that is no boolean, which django-environ takes for false without saying so. */
function judgeNoBoolean(evidence: Evidence): Diagnosis[] {
  const { dotenv, env, settingsLines } = evidence
  if (dotenv?.reader !== 'environ') return []
  const read = settingsLines.flatMap((line) => {
    const name = /\.bool\(\s*["'](\w+)["']/.exec(line.text)?.[1]
    const value = name === undefined ? undefined : (env[name] ?? inFile(evidence, name)?.value)
    return name === undefined || value === undefined || booleanOf(value, 'environ') !== undefined ? [] : [{ ...line, name, value }]
  })
  return read
    .slice(0, 1)
    .map(({ name, value, file, line }) =>
      diagnosis(
        'env-bool-typo',
        `${name} isn't a boolean: ${shownValue(name, value)}`,
        [
          `${placeOfVariable(evidence, name)}: ${name}=${shownValue(name, value)}`,
          `${file}:${line} reads it with env.bool, which reads any unknown word as false`,
        ],
        'Write True or False.',
      ),
    )
}

/** A file says what the settings would need, and they don't read it. */
function judgeUnread(evidence: Evidence, cause: Diagnosis): Diagnosis | undefined {
  const { checkout, dotenv, env } = evidence
  const hosts = evidence.examination?.get('settings')?.layer_hosts[0]
  const layer = checkout?.layerVariable
  const differs = (name: string, value: string): boolean => {
    if (env[name] !== undefined || inRead(evidence, name)) return false
    if (name === layer) return isFalse(value)
    if (name === 'REDIS_PORT') return hosts !== undefined && value !== '' && String(hosts.port ?? '') !== value
    return name === 'REDIS_HOST' && hosts !== undefined && value !== '' && hosts.host !== value
  }
  for (const { shown, entries } of dotenv?.unread ?? []) {
    const found = entries.filter(({ key, value }) => differs(key, value))
    const [first] = found
    if (first === undefined) continue
    return unread(
      evidence,
      shown,
      first.key,
      found.map(({ key, value, line }) => `${shown}:${line}: ${key}=${shownValue(key, value)}`),
      cause,
    )
  }
  return undefined
}

/** The SECRET_KEY that signed the tokens stands in a file that the settings don't read. Pure. */
export function judgeUnreadKey(evidence: Evidence, cause: Diagnosis): Diagnosis | undefined {
  const [place] = evidence.otherKeys
  if (place === undefined || evidence.env['SECRET_KEY'] !== undefined || inRead(evidence, 'SECRET_KEY')) return undefined
  return unread(evidence, place.replace(/:\d+$/, ''), 'SECRET_KEY', [`${place}: SECRET_KEY=***, but the settings have another one`], cause)
}

/** A file that the settings don't read chooses the channel layer, and nothing else does. Pure. */
export function judgeUnreadChoice(evidence: Evidence): Diagnosis | undefined {
  const { checkout, dotenv } = evidence
  const name = checkout?.layerVariable
  if (name === undefined || checkout?.wish.kind !== 'none') return undefined
  const all = (dotenv?.unread ?? []).flatMap(({ shown, entries }) => entries.map((entry) => ({ shown, ...entry })))
  const found = all.find(({ key }) => key === name)
  return found && unread(evidence, found.shown, name, [`${found.shown}:${found.line}: ${name}=${found.value}`])
}

/** The key stands in the file that the settings do read. */
function inRead(evidence: Evidence, name: string): boolean {
  return evidence.dotenv?.reader !== undefined && inFile(evidence, name) !== undefined
}

function unread({ dotenv }: Evidence, shown: string, name: string, seen: readonly string[], cause?: Diagnosis): Diagnosis {
  const wanted = dotenv?.shown ?? '.env'
  const isThere = shown === wanted
  const [why, remedy, commands] = isThere
    ? [
        'The settings import no .env reader: they see only the environment',
        'Load it in the settings (load_dotenv of python-dotenv), or start with the variables in the environment.',
      ]
    : dotenv?.fact.kind === 'absent'
      ? [`There is no ${wanted}, where the settings look`, 'Put it where the settings look.', [['cp', shown, wanted]]]
      : [`The settings read ${wanted}, which has no ${name}`, `Write ${name} into ${wanted}.`]
  const [first = shown, ...rest] = seen
  return diagnosis(
    'env-not-loaded',
    `${shown} isn't read: the settings use their default for ${name}`,
    [first, ...rest, why, ...(cause === undefined ? [] : [`With the default: ${cause.title}`, ...cause.evidence])],
    remedy,
    commands,
  )
}
