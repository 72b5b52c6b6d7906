import { delimiter as posixDelimiter } from 'node:path/posix'
import { delimiter as windowsDelimiter } from 'node:path/win32'
import type { Config } from '../config/config.ts'
import { toolNamed, type ToolName } from '../dev-tools/known.ts'
import { LauncherError, usageError } from '../errors.ts'
import { givenPort, pageOrigin, type FrontendApp } from '../facts/frontend-app.ts'
import type { FrontendFiles } from '../facts/frontend-reading.ts'
import type { DevCommand } from '../facts/dev-script.ts'
import type { ProgramFact } from '../facts/package-bin.ts'
import type { WantedPage } from '../facts/served-page.ts'
import { missingModule, type AskedTool } from '../facts/dev-answer.ts'
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
  /** The port that its page shall have: a free one; undefined where nothing tells one. */
  readonly port: number | undefined
  /** What the dev tool said when it was asked; undefined: it wasn't. */
  readonly asked?: AskedTool | undefined
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
      /** What it is expected to serve, and where. */
      readonly wanted: WantedPage
      readonly variables: readonly MappedVariable[]
      /** Where the old port stands, after all. */
      readonly hardCoded: readonly HardCodedPort[]
      readonly socket: SocketWay
    }
  /** None is started; `why` is undefined where there is none at all, or it isn't wanted. */
  | { readonly kind: 'none'; readonly why: string | undefined }
  | { readonly kind: 'needs-install'; readonly install: FrontendInstall; readonly why: string }
  /** Its script takes the package manager, and that isn't on this machine. */
  | { readonly kind: 'no-manager'; readonly install: FrontendInstall }
  | { readonly kind: 'error'; readonly error: LauncherError }

/** Decides how the frontend is run, and what it gets to know of the backend. Pure. */
export function planFrontend(facts: FrontendFacts): FrontendPlan {
  const { config, frontend, program } = facts
  if (config.frontend === false) return { kind: 'none', why: undefined }
  if (frontend.kind === 'none')
    return frontend.why === undefined
      ? { kind: 'none', why: frontend.several }
      : failed('no-frontend', 'The frontend of the configuration is not there', frontend.why)
  const { app } = frontend
  if (app.command.kind === 'unclear') return unrunnable(app, app.command.why)
  const { command } = app.command
  if (program?.state === 'no-manager') return { kind: 'no-manager', install: planFrontendInstall(app.manager) }
  const where = app.shown === '.' ? 'this folder' : `${app.shown}/`
  const install = planFrontendInstall(app.manager)
  if (program === undefined || program.state === 'missing')
    return { kind: 'needs-install', install, why: `${program?.what ?? 'node_modules'} is missing in ${where}` }
  if (facts.asked?.kind === 'none' && facts.asked.missing)
    return { kind: 'needs-install', install, why: `the packages in ${where} are not all there: ${facts.asked.why}` }
  if (program.state === 'pnp' && program.yarn === undefined)
    return unrunnable(app, 'its packages are in archives of Yarn (.pnp.cjs), and the checkout has no release of Yarn to read them', pnpHint)
  return run(facts, app, command, program)
}

const pnpHint = '"frontend": {"command": "yarn dev"}, or nodeLinker: node-modules in .yarnrc.yml'

function run(
  facts: FrontendFacts,
  app: FrontendApp,
  command: DevCommand,
  program: Exclude<ProgramFact, { state: 'missing' | 'no-manager' }>,
): FrontendPlan {
  const { config, reading, backend, port, node } = facts
  // its own configuration tells it the port: what only was read in its files isn't given to it
  const isOwn = port === app.address.port && app.address.source !== givenPort && facts.asked?.kind !== 'answer'
  const args = argumentsFor(command, isOwn ? undefined : port, port !== app.address.port)
  const [file, before] =
    program.state === 'found' ? [program.program.file, program.program.args] : [node, [program.yarn ?? '', 'run', command.program]]
  // npm takes what follows -- for the script's, the others take all
  const dashes = command.script !== undefined && args.length > 0 && app.manager.name === 'npm' ? ['--'] : []
  const env = environmentFor(facts, command, program.binFolders, isOwn)
  const given = config.frontend === undefined || config.frontend === false ? {} : (config.frontend.env ?? {})
  const variables = mapVariables({ reading, tool: command.tool, args, env, backend, given })
  const { scheme, base } = app.address
  const wanted = { port, scheme, base }
  const origin = pageOrigin(app.address, port) ?? 'http://localhost'
  const page = `${origin}${base}`
  const install = planFrontendInstall(app.manager)
  return {
    kind: 'run',
    service: {
      name: 'frontend',
      kind: 'frontend',
      file,
      args: [...before, ...dashes, ...args],
      cwd: app.folder,
      env: { ...env, ...Object.fromEntries(variables.map(({ name, value }) => [name, value])) },
      ready: { page: wanted },
      readyTimeoutMs: config.startTimeout,
      dependsOn: [],
      restart: config.restart ? 'on-failure' : 'no',
      unready: 'fails',
      hopeless: [
        { line: missingModule, why: `its packages are not all there: ${install.shown}` },
        { line: managerFails, why: `${app.manager.name} can't be had as the project asks for it` },
      ],
      stopTimeoutMs: config.stopTimeout,
      url: page,
      shown:
        command.script === undefined
          ? [command.program, ...args].join(' ')
          : [app.manager.name, 'run', command.script.name, ...dashes, ...args].join(' '),
    },
    page,
    origin,
    wanted,
    variables,
    hardCoded: hardCodedPorts(reading, variables, backend),
    socket: socketWay(reading, variables, { frontendPort: port, port: backend.port, path: backend.path }),
  }
}

/** How corepack says that it can't have what `packageManager` names, and an older yarn or pnpm that it isn't that one. */
export const managerFails =
  /Error when performing the request to http|Cannot find matching keyid|This project's package\.json defines "packageManager"|This project is configured to use (?:npm|yarn|pnpm|bun)\b/

/** Whether the command takes its port from us, where it is given one. */
export const isMovable = ({ tool, script }: DevCommand): boolean => tool !== 'other' && (script === undefined || script.takes)

/**
 * The tool's arguments, with the port that was chosen, and without what would
 * open a browser; undefined: it takes its own. A script that takes a shell is
 * told of a port only where it is another than its own. Pure.
 */
export function argumentsFor({ tool, args, script }: DevCommand, port: number | undefined, isMoved = false): string[] {
  if (script !== undefined && !(isMoved && script.takes)) return []
  const given = argumentsAt(tool, script === undefined ? args : [], port)
  // its subcommand stands in the script
  return script === undefined ? given : given.filter((word, index) => index > 0 || word.startsWith('-'))
}

function argumentsAt(tool: ToolName, args: readonly string[], port: number | undefined): string[] {
  const { portFlags, strictFlag, usual, opens, closed } = toolNamed(tool)?.launch ?? {}
  const words = args.length === 0 && usual !== undefined ? [usual] : args.filter((word) => opens?.includes(word) !== true)
  const more = closed === undefined ? [] : [closed]
  if (port === undefined || portFlags === undefined) return [...words, ...more]
  const given = new RegExp(`^(?:${portFlags.join('|')})(?:=.*)?$`)
  const own = words.filter(
    (word, index) => word !== strictFlag && !given.test(word) && !(portFlags.includes(words[index - 1] ?? '') && /^\d+$/.test(word)),
  )
  return [...own, portFlags[0], String(port), ...(strictFlag === undefined ? [] : [strictFlag]), ...more]
}

/** What the launcher has, what the script sets, the folders of the packages' programs in front; and no browser by itself. */
function environmentFor(
  { env, color, platform, port }: FrontendFacts,
  command: DevCommand,
  binFolders: readonly string[],
  keepsPort: boolean,
): Record<string, string | undefined> {
  const own: Record<string, string | undefined> = { ...withoutOurs(env), ...command.env }
  const { portFlags, portVariable } = toolNamed(command.tool)?.launch ?? {}
  // Windows writes it Path, and takes two of them for one
  const path = Object.keys(own).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const folders = [...binFolders, ...(own[path] === undefined ? [] : [own[path]])]
  return {
    ...own,
    [path]: folders.join(platform === 'win32' ? windowsDelimiter : posixDelimiter),
    // Vite's server.open, create-react-app and vue-cli open one otherwise (https://vite.dev/config/server-options#server-open)
    BROWSER: 'none',
    ...(portFlags === undefined && portVariable !== undefined && !keepsPort && port !== undefined ? { [portVariable]: String(port) } : {}),
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
