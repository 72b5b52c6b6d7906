import type { FrontendConfig } from '../config/stack-schema.ts'
import type { JudgedCommand } from '../facts/old-scripts.ts'
import { pathFrom } from '../facts/old-scripts-session.ts'
import { namesSecret } from '../host/secret-names.ts'
import type { InitFacts } from './init.ts'
import { chosen, holdsLogin, type InitNote, type Said, type Taken } from './init-sources.ts'
import { frontendVariable, isUnknown } from './init-variables.ts'

export interface FrontendDecision {
  readonly config: FrontendConfig | undefined
  readonly taken: readonly Taken[]
  readonly warnings: readonly InitNote[]
  readonly notes: readonly InitNote[]
}

interface Found {
  readonly folder: string
  /** The package manager's script, or the whole command. */
  readonly how: { readonly script: string } | { readonly argv: readonly string[] }
  readonly port: number | undefined
  readonly command: JudgedCommand
}

/** The dev server that the scripts start, as far as `start` wouldn't do the same by itself. `port` is the backend's. Pure. */
export function frontendOf({ scripts, devScripts }: InitFacts, port: number): FrontendDecision {
  const all = scripts.flatMap(({ commands, kind }) =>
    kind === 'compose' ? [] : commands.flatMap((command) => found(command, kind === 'manifest')),
  )
  const [first] = all
  if (first === undefined) return { config: undefined, taken: [], warnings: [], notes: [] }
  if (!devScripts.has(first.folder)) {
    const text = `It starts a frontend in ${first.folder}, where there is no package.json: left out`
    return { config: undefined, taken: [], warnings: [], notes: [{ text, place: first.command.place }] }
  }
  const here = all.filter(({ folder }) => folder === first.folder)
  const taken: Taken[] = []
  const config: Record<string, unknown> = {}
  const take = (key: string, said: readonly Said<string | number>[], usual: string | number | undefined): void => {
    const decided = chosen(`frontend.${key}`, said)
    if (decided === undefined) return
    const written = decided.value !== usual
    if (written) config[key] = decided.value
    taken.push({ ...decided.taken, written })
  }
  take(
    'folder',
    all.map((each) => ({ value: each.folder, place: each.command.place })),
    devScripts.has('frontend') ? 'frontend' : undefined,
  )
  take(
    'script',
    here.flatMap((each) => ('script' in each.how ? [{ value: each.how.script, place: each.command.place }] : [])),
    devScripts.get(first.folder),
  )
  if (!here.some(({ how }) => 'script' in how))
    take(
      'command',
      here.flatMap((each) => ('argv' in each.how ? [{ value: each.how.argv.join(' '), place: each.command.place }] : [])),
      undefined,
    )
  take(
    'port',
    here.flatMap((each) => (each.port === undefined ? [] : [{ value: each.port, place: each.command.place }])),
    undefined,
  )
  const variables = environmentOf(here, port)
  if (Object.keys(variables.env).length > 0) config['env'] = variables.env
  return {
    config: Object.keys(config).length === 0 ? undefined : config,
    taken: [...taken, ...variables.taken],
    warnings: variables.warnings,
    notes: [],
  }
}

function found(command: JudgedCommand, inManifest: boolean): Found[] {
  const { role, cwd } = command
  // a dev server in the root's own package.json is what start finds there, and not a word about how it is called
  if (role.kind === 'dev-server')
    return inManifest || cwd === undefined ? [] : [{ folder: cwd, how: { argv: role.argv }, port: role.port, command }]
  if (role.kind !== 'frontend') return []
  const folder = role.folder === undefined ? cwd : pathFrom(cwd, role.folder)
  if (folder === undefined || (inManifest && folder === '.')) return []
  return [{ folder, how: { script: role.script }, port: role.port ?? portVariable(command), command }]
}

/** create-react-app and Next.js listen on PORT; a variable that the backend shares is none of the page's. */
function portVariable({ env, place }: JudgedCommand): number | undefined {
  const own = env.find(({ name, place: where }) => name === 'PORT' && where.file === place.file && where.line === place.line)
  return own !== undefined && /^\d{2,5}$/.test(own.value) ? Number(own.value) : undefined
}

function environmentOf(all: readonly Found[], port: number): { env: Record<string, string>; taken: Taken[]; warnings: InitNote[] } {
  const said = new Map<string, Said<string>[]>()
  const warnings: InitNote[] = []
  for (const { command } of all) {
    for (const { name, value, place } of command.env) {
      if (!frontendVariable.test(name) || value === '' || name === 'BROWSER' || isUnknown(value)) continue
      if (namesSecret(name) || holdsLogin(value))
        warnings.push({
          text: `${name} looks like a secret: it is not copied`,
          place,
          hint: 'Put it into the .env.local of the frontend, which git ignores.',
        })
      else said.set(name, [...(said.get(name) ?? []), { value: following(value, port), place }])
    }
  }
  const env: Record<string, string> = {}
  const taken = [...said].flatMap(([name, values]): Taken[] => {
    const decided = chosen(`frontend.env.${name}`, values)
    if (decided === undefined) return []
    env[name] = decided.value
    return [{ ...decided.taken, written: true }]
  })
  return { env, taken, warnings }
}

/** The backend's address in a value, so that it follows a port that moved. */
function following(value: string, port: number): string {
  return value.replace(/^(http|ws):\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d+)(?=\/|$)/, (written, scheme: string, digits: string) =>
    Number(digits) === port ? `{${scheme}}` : written,
  )
}
