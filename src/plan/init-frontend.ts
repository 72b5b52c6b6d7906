import type { JudgedCommand } from '../facts/old-scripts.ts'
import { pathFrom } from '../facts/old-scripts-session.ts'
import { namesSecret } from '../host/secret-names.ts'
import type { InitFacts } from './init.ts'
import {
  holdsLogin,
  saidMore,
  takerInto,
  type InitDecision,
  type InitNote,
  type Said,
  type SaidByName,
  type Taken,
} from './init-sources.ts'
import { frontendVariable, isUnknown } from './init-variables.ts'

interface Found {
  readonly folder: string
  /** The package manager's script, else the whole command. */
  readonly script?: string
  readonly line?: string
  readonly port: number | undefined
  readonly command: JudgedCommand
}

/** The dev server that the scripts start, as far as `start` wouldn't do the same by itself. `port` is the backend's. Pure. */
export function frontendOf({ scripts: files, devScripts }: InitFacts, port: number): InitDecision {
  const all = files.flatMap(({ commands, kind }) =>
    kind === 'compose' ? [] : commands.flatMap((command) => found(command, kind === 'manifest')),
  )
  const [first] = all
  if (first === undefined) return { config: {}, taken: [], warnings: [], notes: [] }
  if (!devScripts.has(first.folder)) {
    const text = `It starts a frontend in ${first.folder}, where there is no package.json: left out`
    return { config: {}, taken: [], warnings: [], notes: [{ text, place: first.command.place }] }
  }
  const here = all.filter(({ folder }) => folder === first.folder)
  const taken: Taken[] = []
  const frontend: Record<string, unknown> = {}
  const take = takerInto(frontend, taken, 'frontend.')
  take('folder', said(all, 'folder'), devScripts.has('frontend') ? 'frontend' : undefined)
  take('script', said(here, 'script'), devScripts.get(first.folder))
  if (here.every(({ script }) => script === undefined)) take('command', said(here, 'line'))
  take('port', said(here, 'port'))
  const { env, warnings } = environmentOf(here, port, taken)
  if (Object.keys(env).length > 0) frontend['env'] = env
  return { config: Object.keys(frontend).length === 0 ? {} : { frontend }, taken, warnings, notes: [] }
}

function said<Key extends 'folder' | 'script' | 'line' | 'port'>(by: readonly Found[], key: Key): Said<NonNullable<Found[Key]>>[] {
  return by.flatMap(({ [key]: value, command }) => (value === undefined ? [] : [{ value, place: command.place }]))
}

function found(command: JudgedCommand, inManifest: boolean): Found[] {
  const { role, cwd } = command
  // a dev server in the root's own package.json is what start finds there, and not a word about how it is called
  if (role.kind === 'dev-server')
    return inManifest || cwd === undefined ? [] : [{ folder: cwd, line: role.argv.join(' '), port: role.port, command }]
  if (role.kind !== 'frontend') return []
  const folder = role.folder === undefined ? cwd : pathFrom(cwd, role.folder)
  if (folder === undefined || (inManifest && folder === '.')) return []
  return [{ folder, script: role.script, port: role.port ?? portVariable(command), command }]
}

/** create-react-app and Next.js listen on PORT; a variable that the backend shares is none of the page's. */
function portVariable({ env, place }: JudgedCommand): number | undefined {
  const own = env.find(({ name, place: where }) => name === 'PORT' && where.file === place.file && where.line === place.line)
  return own !== undefined && /^\d{2,5}$/.test(own.value) ? Number(own.value) : undefined
}

function environmentOf(all: readonly Found[], port: number, taken: Taken[]): { env: Record<string, string>; warnings: InitNote[] } {
  const variables: SaidByName = new Map()
  const warnings: InitNote[] = []
  for (const { name, value, place } of all.flatMap(({ command }) => command.env)) {
    if (!frontendVariable.test(name) || value === '' || name === 'BROWSER' || isUnknown(value)) continue
    if (namesSecret(name) || holdsLogin(value))
      warnings.push({
        text: `${name} looks like a secret: it is not copied`,
        place,
        hint: 'Put it into the .env.local of the frontend, which git ignores.',
      })
    else saidMore(variables, name, { value: following(value, port), place })
  }
  const env: Record<string, string> = {}
  const take = takerInto(env, taken, 'frontend.env.')
  for (const [name, values] of variables) take(name, values)
  return { env, warnings }
}

/** The backend's address in a value, so that it follows a port that moved. */
function following(value: string, port: number): string {
  return value.replace(/^(http|ws):\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d+)(?=\/|$)/, (written, scheme: string, digits: string) =>
    Number(digits) === port ? `{${scheme}}` : written,
  )
}
