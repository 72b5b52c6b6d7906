import { delimiter as posixDelimiter } from 'node:path/posix'
import { delimiter as windowsDelimiter } from 'node:path/win32'
import type { Config } from '../config/config.ts'
import { LauncherError, usageError } from '../errors.ts'
import { pageOrigin, type FrontendApp } from '../facts/frontend-app.ts'
import type { FrontendFiles } from '../facts/frontend-reading.ts'
import type { DevCommand } from '../facts/dev-script.ts'
import type { ProgramFact } from '../facts/package-bin.ts'
import type { BackendAddress } from './frontend-address.ts'
import { mapVariables, type MappedVariable } from './frontend-env.ts'
import type { ManagerName, PackageManager } from '../facts/package-manager.ts'
import { hardCodedPorts, type HardCodedPort } from './hard-coded-port.ts'
import { withoutOurs } from '../host/secret-names.ts'
import { socketWay, type SocketWay } from './page-socket.ts'
import type { ServicePlan } from './service.ts'

/** What decides about the frontend. */
export interface FrontendFacts extends FrontendFiles {
  readonly config: Pick<Config, 'frontend' | 'startTimeout' | 'stopTimeout' | 'restart'>
  readonly backend: BackendAddress
  /** The port that its page shall have: a free one. */
  readonly port: number
  /** The environment that the launcher was started with. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly color: boolean
  readonly platform: NodeJS.Platform
  /** The interpreter of JavaScript: process.execPath. */
  readonly node: string
}

/** What becomes of the frontend. */
export type FrontendPlan =
  | {
      readonly kind: 'run'
      readonly service: ServicePlan
      /** `http://localhost:3000/`. */
      readonly page: string
      /** What the browser will send as the Origin. */
      readonly origin: string
      readonly port: number
      readonly variables: readonly MappedVariable[]
      /** Where the old port stands, after all. */
      readonly hardCoded: readonly HardCodedPort[]
      readonly socket: SocketWay
    }
  /** None is started; `why` is undefined where there is none at all, or it isn't wanted. */
  | { readonly kind: 'none'; readonly why: string | undefined }
  | { readonly kind: 'needs-install'; readonly install: FrontendInstall; readonly why: string; readonly shown: string }
  | { readonly kind: 'error'; readonly error: LauncherError }

/** Decides how the frontend is run, and what it gets to know of the backend. Pure. */
export function planFrontend(facts: FrontendFacts): FrontendPlan {
  const { config, frontend, program } = facts
  if (config.frontend === false) return { kind: 'none', why: undefined }
  if (frontend.kind === 'none')
    return frontend.why === undefined
      ? { kind: 'none', why: undefined }
      : failed('no-frontend', 'The frontend of the configuration is not there', frontend.why)
  const { app } = frontend
  if (app.command.kind === 'unclear') return unrunnable(app, app.command.why)
  const { command } = app.command
  if (app.address.port === undefined && config.frontend?.port === undefined)
    return unrunnable(app, `nothing tells the port that ${command.program} serves at`, '"frontend": {"port": 3000}')
  if (!movable(command) && facts.port !== app.address.port)
    return failed(
      'frontend-port-in-use',
      `Port ${app.address.port ?? 0} of the frontend is held, and ${command.program} is not known to take another one`,
      `it is to serve at ${facts.port}`,
    )
  if (program === undefined || program.state === 'missing') {
    const install = planFrontendInstall(app.manager)
    const why = `${program?.what ?? 'node_modules'} is missing in ${app.shown === '.' ? 'this folder' : `${app.shown}/`}`
    return { kind: 'needs-install', install, why, shown: install.shown }
  }
  if (program.state === 'pnp' && program.yarn === undefined)
    return unrunnable(app, 'its packages are in archives of Yarn (.pnp.cjs), and the checkout has no release of Yarn to read them', pnpHint)
  return run(facts, app, command, program)
}

const pnpHint = '"frontend": {"command": "yarn dev"}, or nodeLinker: node-modules in .yarnrc.yml'

function run(
  facts: FrontendFacts,
  app: FrontendApp,
  command: DevCommand,
  program: Exclude<ProgramFact, { state: 'missing' }>,
): FrontendPlan {
  const { config, reading, backend, port, node } = facts
  const args = argumentsFor(command, port)
  const [file, before] =
    program.state === 'found' ? [program.program.file, program.program.args] : [node, [program.yarn ?? '', 'run', command.program]]
  const env = environmentFor(facts, command, program.binFolders)
  const given = config.frontend === undefined || config.frontend === false ? {} : (config.frontend.env ?? {})
  const variables = mapVariables({ reading, tool: command.tool, args, env, backend, given })
  const origin = pageOrigin(app.address, port) ?? `http://localhost:${port}`
  const page = `${origin}${app.address.base}`
  return {
    kind: 'run',
    service: {
      name: 'frontend',
      kind: 'frontend',
      file,
      args: [...before, ...args],
      cwd: app.folder,
      env: { ...env, ...Object.fromEntries(variables.map(({ name, value }) => [name, value])) },
      ready: { http: page },
      readyTimeoutMs: config.startTimeout,
      dependsOn: [],
      restart: config.restart ? 'on-failure' : 'no',
      hopeless: { line: missingModule, why: `its packages are not all there: ${planFrontendInstall(app.manager).shown}` },
      stopTimeoutMs: config.stopTimeout,
      url: page,
      shown: command.script === undefined ? [command.program, ...args].join(' ') : `${app.manager.name} run ${command.script}`,
    },
    page,
    origin,
    port,
    variables,
    hardCoded: hardCodedPorts(reading, variables, backend),
    socket: socketWay(reading, variables, { frontendPort: port, path: backend.path }),
  }
}

/** How Node says that a package isn't there, or not the whole of it; a module of the page's own is another matter. */
const missingModule = /Cannot find (?:package '|module '(?:[^'./\\:][^':]*'|[^']*[\\/]node_modules[\\/]))/

/** Tools that take their port from us, where they are given it. */
const movable = ({ tool, script }: DevCommand): boolean => tool !== 'other' && script === undefined

/** The tool's arguments, with the port that was chosen, and without what would open a browser. Pure. */
export function argumentsFor({ tool, args, script }: DevCommand, port: number): string[] {
  if (script !== undefined) return []
  switch (tool) {
    case 'vite':
      // without --strictPort it would go on to another port in silence
      return [...withoutPort(args, '--port').filter((word) => word !== '--strictPort'), '--port', String(port), '--strictPort']
    case 'next':
      return [...(args.length === 0 ? ['dev'] : withoutPort(args, '--port', '-p')), '-p', String(port)]
    case 'astro':
      return [...(args.length === 0 ? ['dev'] : withoutPort(args, '--port')), '--port', String(port)]
    case 'vue-cli-service':
    case 'ng':
      return [...withoutOpen(withoutPort(args, '--port')), '--port', String(port)]
    case 'webpack':
      // it heeds no BROWSER (https://webpack.js.org/configuration/dev-server/#devserveropen)
      return [...withoutOpen(withoutPort(args, '--port')), '--port', String(port), '--no-open']
    case 'react-scripts':
    case 'other':
      return [...args]
  }
}

function withoutPort(args: readonly string[], ...names: readonly string[]): string[] {
  const pattern = new RegExp(`^(?:${names.join('|')})(?:=.*)?$`)
  return args.filter((word, index) => {
    const before = args[index - 1] ?? ''
    return !pattern.test(word) && !(names.includes(before) && /^\d+$/.test(word))
  })
}

const withoutOpen = (args: readonly string[]): string[] => args.filter((word) => word !== '--open' && word !== '-o')

/** What the launcher has, what the script sets, the folders of the packages' programs in front; and no browser by itself. */
function environmentFor(
  { env, color, platform, port }: FrontendFacts,
  command: DevCommand,
  binFolders: readonly string[],
): Record<string, string | undefined> {
  const own: Record<string, string | undefined> = { ...withoutOurs(env), ...command.env }
  // Windows writes it Path, and takes two of them for one
  const path = Object.keys(own).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const folders = [...binFolders, ...(own[path] === undefined ? [] : [own[path]])]
  return {
    ...own,
    [path]: folders.join(platform === 'win32' ? windowsDelimiter : posixDelimiter),
    // Vite's server.open, create-react-app and vue-cli open one otherwise (https://vite.dev/config/server-options#server-open)
    BROWSER: 'none',
    ...(command.tool === 'react-scripts' ? { PORT: String(port) } : {}),
    ...(color ? { FORCE_COLOR: own['FORCE_COLOR'] ?? '1' } : {}),
  }
}

/** Named in the configuration it is an error; found by itself it is none, and that is said. */
function unrunnable(app: FrontendApp, why: string, key = '"frontend": {"command": "vite"}'): FrontendPlan {
  if (!app.named) return { kind: 'none', why: `the frontend in ${app.shown} is not started: ${why}. To start it: ${key}` }
  return failed('frontend-script-unclear', `The frontend in ${app.shown} can't be started`, why, `In election-dev.config.json: ${key}`)
}

function failed(code: string, message: string, evidence: string, hint?: string): FrontendPlan {
  return {
    kind: 'error',
    error: usageError(code, message, {
      evidence: [evidence],
      hint: hint ?? 'Correct "frontend" in election-dev.config.json, or leave it out: election-dev start --no-frontend',
    }),
  }
}

/** The command that installs a frontend's packages. */
export interface FrontendInstall {
  readonly manager: ManagerName
  /** Its words behind the program. */
  readonly args: readonly string[]
  /** Absolute: the folder of the lock file. */
  readonly cwd: string
  /** As a person types it: `npm ci`. */
  readonly shown: string
}

/** What installs exactly what the lock file says, where there is one. Pure. */
export function planFrontendInstall({ name, lock, folder }: PackageManager): FrontendInstall {
  const args = argsOf[name](lock !== undefined)
  return { manager: name, args, cwd: folder, shown: `${name} ${args.join(' ')}` }
}

const argsOf: Readonly<Record<ManagerName, (locked: boolean) => readonly string[]>> = {
  npm: (locked) => [locked ? 'ci' : 'install'],
  // --frozen-lockfile is --immutable since Yarn 2: which Yarn it is, is known to Yarn alone
  yarn: () => ['install'],
  pnpm: (locked) => (locked ? ['install', '--frozen-lockfile'] : ['install']),
  bun: (locked) => (locked ? ['install', '--frozen-lockfile'] : ['install']),
}
