import { basename, join, relative, resolve, sep } from 'node:path'
import type { Config } from '../config/config.ts'
import type { FrontendConfig } from '../config/stack-schema.ts'
import { launchedTools, packageOf, type ToolName } from '../dev-tools/known.ts'
import { readText } from '../host/files.ts'
import { devAddress, type DevAddress } from './dev-address.ts'
import { commandOf, readScript, splitWords, type ReadScript } from './dev-script.ts'
import { recordOf, textsOf } from '../host/json.ts'
import { foldersIn } from './manage-py-places.ts'
import { packageManager, type PackageManager } from './package-manager.ts'

/** The frontend of a checkout as its files describe it. */
export interface FrontendApp {
  /** Folder of its package.json, absolute. */
  readonly folder: string
  /** The same as a person in the checkout writes it: `frontend`, `.`. */
  readonly shown: string
  /** The configuration names something of it: what is wrong with it then is an error. */
  readonly named: boolean
  /** What starts the dev server, without a shell in between. */
  readonly command: ReadScript
  /** The script's name; undefined where the configuration gives a command instead. */
  readonly script: string | undefined
  readonly tool: ToolName
  readonly address: DevAddress
  readonly manager: PackageManager
  /** Names of the packages that it asks for. */
  readonly dependencies: readonly string[]
}

/** Whether there is a frontend. `why` says what the configuration names in vain, `several` why none of those that are there is taken. */
export type FrontendFact =
  | { readonly kind: 'app'; readonly app: FrontendApp }
  | { readonly kind: 'none'; readonly why: string | undefined; readonly several?: string }

/** Where a port stands that the configuration gives: it counts before what the dev server says. */
export const givenPort = 'frontend.port'

const usualScripts = ['dev', 'start', 'serve'] as const

/**
 * Finds the frontend: the folder of the configuration, else `frontend/`, else a
 * package.json in the checkout's folder or one level down whose script runs a
 * dev server that is known, else the one of two levels down (`apps/web`). The
 * backend's folder is passed over unless it is the checkout's own. `env`: what
 * its dev server would be started with. Never throws.
 */
export async function findFrontend(
  config: Pick<Config, 'frontend'>,
  { root, backend }: { readonly root: string; readonly backend: string },
  env: Readonly<Record<string, string | undefined>>,
): Promise<FrontendFact> {
  // one that isn't to be started has an Origin all the same: it may be started by hand
  const wanted: FrontendConfig = config.frontend === undefined || config.frontend === false ? {} : config.frontend
  const isNamed = wanted.folder !== undefined || wanted.script !== undefined || wanted.command !== undefined
  const at = { root, wanted, named: isNamed, env }
  if (wanted.folder !== undefined) {
    const app = await appIn(resolve(root, wanted.folder), at)
    return app === undefined
      ? { kind: 'none', why: `${wanted.folder} has no package.json with a dev script, and "frontend.command" is not given` }
      : { kind: 'app', app }
  }
  const usual = await appIn(join(root, 'frontend'), at)
  if (usual !== undefined) return { kind: 'app', app: usual }
  const below = (await foldersIn(root))
    .filter((folder) => folder !== join(root, 'frontend'))
    .toSorted((one, other) => weight(one) - weight(other) || (one < other ? -1 : 1))
  for (const folder of [root, ...below]) {
    if (folder === backend && folder !== root) continue
    const app = await appIn(folder, at)
    // any program may stand behind a script here, the launcher itself among them
    if (app !== undefined && (app.tool !== 'other' || wanted.command !== undefined)) return { kind: 'app', app }
  }
  if (isNamed) return { kind: 'none', why: 'no package.json with that script was found; "frontend.folder" names its folder' }
  const { inWorkspaces } = await import('./frontend-workspaces.ts')
  return inWorkspaces(
    [join(root, 'frontend'), ...below],
    backend,
    (folder) => appIn(folder, at),
    (folder) => weight(folder) === 0,
  )
}

/** Names that say what they are come first. */
const weight = (folder: string): number => (/^(?:frontend|client|web|ui)$/.test(basename(folder)) ? 0 : 1)

/** The address of the page; undefined where no port is known. */
export function pageOrigin({ scheme }: DevAddress, port: number | undefined): string | undefined {
  if (port === undefined) return undefined
  // a browser leaves out the scheme's own port (RFC 6454, section 6.2)
  const own = scheme === 'https' ? 443 : 80
  return `${scheme}://localhost${port === own ? '' : `:${port}`}`
}

/** The Origin that the page of a project's own dev server has, such as `http://localhost:3000`: what the browser will send. */
export function frontendOrigin(fact: FrontendFact): string | undefined {
  return fact.kind === 'none' ? undefined : pageOrigin(fact.app.address, fact.app.address.port)
}

interface Wanted extends Pick<FrontendApp, 'named'> {
  readonly root: string
  readonly wanted: FrontendConfig
  readonly env: Readonly<Record<string, string | undefined>>
}

async function appIn(folder: string, { root, wanted, named, env }: Wanted): Promise<FrontendApp | undefined> {
  const text = await readText(join(folder, 'package.json'))
  if (text === undefined && wanted.command === undefined) return undefined
  const manifest = recordOf(text)
  const scripts = textsOf(manifest['scripts'])
  const dependencies = Object.keys({ ...textsOf(manifest['devDependencies']), ...textsOf(manifest['dependencies']) })
  const script = wanted.command === undefined ? (wanted.script ?? usualScripts.find((name) => scripts[name] !== undefined)) : undefined
  const ofPackages = launchedTools.find((tool) => dependencies.includes(packageOf(tool)))?.name
  if (wanted.command === undefined && (script === undefined || scripts[script] === undefined) && ofPackages === undefined) return undefined
  const command =
    wanted.command === undefined
      ? script === undefined
        ? ({ kind: 'unclear', why: 'package.json has no script dev, start or serve' } as const)
        : readScript(scripts, script)
      : givenCommand(wanted.command)
  const tool = command.kind === 'command' ? command.command.tool : (ofPackages ?? 'other')
  const address = await devAddress(folder, tool, command.kind === 'command' ? command.command : undefined, env)
  const field = manifest['packageManager']
  return {
    folder,
    shown: relative(root, folder).split(sep).join('/') || '.',
    named,
    command,
    script,
    tool,
    address: wanted.port === undefined ? address : { ...address, port: wanted.port, source: givenPort },
    manager: await packageManager(folder, root, typeof field === 'string' ? field : undefined),
    dependencies,
  }
}

function givenCommand(given: string | readonly string[]): ReadScript {
  const words = typeof given === 'string' ? splitWords(given) : given
  const command = words === undefined ? undefined : commandOf(words)
  if (command !== undefined) return { kind: 'command', command }
  return { kind: 'unclear', why: `"frontend.command" takes a shell: ${String(given)}` }
}
