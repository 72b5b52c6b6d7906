import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { toolConfiguredBy, toolNamed, type ToolName } from '../dev-tools/known.ts'
import { readText } from '../host/files.ts'
import type { DevCommand } from './dev-script.ts'

/** Where a dev server serves its page, as far as its files tell. */
export interface DevAddress {
  /** Undefined where nothing tells. */
  readonly port: number | undefined
  /** Where the port stands: `--port of the script`, `vite.config.ts`, `default of vite`. */
  readonly source: string
  readonly scheme: 'http' | 'https'
  /** Path of the page, with a slash at both ends. */
  readonly base: string
}

/** Reads where the dev server will be. `env`: what it would be started with. Never throws. */
export async function devAddress(
  folder: string,
  name: ToolName,
  command: DevCommand | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<DevAddress> {
  const tool = toolNamed(name)
  const { launch, config } = tool ?? {}
  const names = config?.section === undefined ? [] : await readdir(folder).catch(() => [])
  const file = names.find((one) => toolConfiguredBy(one) === tool)
  // most of what reads a configuration waits until there is one
  const said =
    file === undefined ? undefined : (await import('./dev-proxy.ts')).readDevConfig(file, (await readText(join(folder, file))) ?? '')
  const dotenv = launch?.dotenv === true ? await dotenvOf(folder) : {}
  const { portVariable, secureVariable } = launch ?? {}
  const isSecure =
    (of(command?.env, secureVariable) ?? of(env, secureVariable) ?? of(dotenv, secureVariable)) === 'true' ||
    said?.secure === true ||
    command?.args.some((word) => word === '--https' || word === launch?.secureFlag) === true
  const base = said?.base ?? '/'
  const places: readonly (readonly [number | undefined, string])[] = [
    [portFlag(command?.args ?? [], launch?.portFlags), `${launch?.portFlags?.at(-1) ?? '--port'} of the script`],
    [numberIn(of(command?.env, tool === undefined ? 'PORT' : portVariable)), `${portVariable ?? 'PORT'} of the script`],
    [numberIn(of(env, portVariable)), `${portVariable} of the environment`],
    [said?.port === 'unread' ? undefined : said?.port, file ?? ''],
    [numberIn(of(dotenv, portVariable)), `${portVariable} in .env`],
  ]
  // a port that stands there and can't be read is no reason to believe in the usual one
  const usual = [said?.port === 'unread' ? undefined : launch?.port, `default of ${name}`] as const
  const [port, source] = places.find(([found]) => found !== undefined) ?? usual
  return { port, source, scheme: isSecure ? 'https' : 'http', base: base.endsWith('/') ? base : `${base}/` }
}

const of = (variables: Readonly<Record<string, string | undefined>> = {}, name = '') => variables[name]

/** The port of `--port 3001`, `--port=3001`, `-p 3001`, or of an option of the tool's own. */
export function portFlag(args: readonly string[], own: readonly string[] = []): number | undefined {
  const flags = ['--port', '-p', ...own]
  const joined = new RegExp(`^(?:(?:${flags.join('|')})=|-p)(\\d+)$`)
  const at = args.findIndex((word) => flags.includes(word))
  return numberIn(joined.exec(args.find((word) => joined.test(word)) ?? '')?.[1] ?? (at < 0 ? undefined : args[at + 1]))
}

const numberIn = (text: string | undefined): number | undefined => (text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined)

/** The `.env` files as create-react-app reads them, the last that has a name wins (https://create-react-app.dev/docs/adding-custom-environment-variables). */
async function dotenvOf(folder: string): Promise<Record<string, string>> {
  const values: Record<string, string> = {}
  for (const name of ['.env', '.env.development', '.env.local', '.env.development.local']) {
    for (const [, key = '', value = ''] of ((await readText(join(folder, name))) ?? '').matchAll(/^[ \t]*(\w+)\s*=\s*["']?(\w+)/gm))
      values[key] = value
  }
  return values
}
