import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from '../host/files.ts'
import { readViteConfig } from './dev-proxy.ts'
import { devTools, type DevCommand, type DevTool } from './dev-script.ts'
import { entriesOf, withoutComments } from './script-text.ts'

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

/** Tools whose configuration has `server: { port }`, and those with `devServer: { port }`. */
const configNames: Partial<Record<DevTool, RegExp>> = {
  vite: /^vite\.config\.[cm]?[jt]s$/,
  astro: /^astro\.config\.[cm]?[jt]s$/,
  'vue-cli-service': /^vue\.config\.[cm]?[jt]s$/,
  webpack: /^webpack\.config\.[cm]?[jt]s$/,
}

/** Reads where the dev server will be. Never throws. */
export async function devAddress(folder: string, tool: DevTool, command: DevCommand | undefined): Promise<DevAddress> {
  const names = await readdir(folder).catch(() => [])
  const file = names.find((name) => configNames[tool]?.test(name) === true)
  const config = file === undefined ? '' : withoutComments((await readText(join(folder, file))) ?? '')
  const dotenv = tool === 'react-scripts' ? await dotenvOf(folder) : new Map<string, string>()
  const value = (name: string) => command?.env[name] ?? dotenv.get(name)
  const isSecure =
    tool === 'vite'
      ? secureVite(config)
      : tool === 'react-scripts'
        ? value('HTTPS') === 'true'
        : command?.args.some((word) => word === '--experimental-https' || word === '--https') === true
  const base = tool === 'vite' ? (/\bbase\s*:\s*(['"`])(\/[\w\-./]*)\1/.exec(config)?.[2] ?? '/') : '/'
  return {
    ...portOf(tool, command, { file, config, dotenv }),
    scheme: isSecure ? 'https' : 'http',
    base: base.endsWith('/') ? base : `${base}/`,
  }
}

function portOf(
  tool: DevTool,
  command: DevCommand | undefined,
  { file, config, dotenv }: { file: string | undefined; config: string; dotenv: ReadonlyMap<string, string> },
): Pick<DevAddress, 'port' | 'source'> {
  const flagged = portFlag(command?.args ?? [])
  if (flagged !== undefined) return { port: flagged, source: '--port of the script' }
  const readsVariable = tool === 'react-scripts' || tool === 'next' || tool === 'vue-cli-service' || tool === 'other'
  const variable = readsVariable ? numberIn(command?.env['PORT']) : undefined
  if (variable !== undefined) return { port: variable, source: 'PORT of the script' }
  const written = configuredPort(tool, file ?? '', config)
  if (written !== undefined) return { port: written, source: file ?? '' }
  const fromFile = numberIn(dotenv.get('PORT'))
  if (fromFile !== undefined) return { port: fromFile, source: 'PORT in .env' }
  return { port: tool === 'other' ? undefined : devTools[tool].port, source: `default of ${tool}` }
}

function configuredPort(tool: DevTool, file: string, config: string): number | undefined {
  if (tool === 'vite' || tool === 'astro') return readViteConfig(file, config).port
  return numberIn(/\bdevServer\s*:\s*\{[^}]*?\bport\s*:\s*(\d+)/.exec(config)?.[1])
}

/** The port of `--port 3001`, `--port=3001`, `-p 3001`. */
export function portFlag(args: readonly string[]): number | undefined {
  const [, joined] = /^(?:--port=|-p=?)(\d+)$/.exec(args.find((word) => /^(?:--port=|-p=?)\d/.test(word)) ?? '') ?? []
  const at = args.findIndex((word) => word === '--port' || word === '-p')
  return numberIn(joined ?? (at < 0 ? undefined : args[at + 1]))
}

const numberIn = (text: string | undefined): number | undefined => (text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined)

/** `server.https`, or a plugin that sets it (https://vite.dev/config/server-options#server-https). */
function secureVite(config: string): boolean {
  const server = /\bserver\s*[:=]\s*\{/.exec(config)
  const open = server === null ? undefined : server.index + server[0].length - 1
  const https = open === undefined ? undefined : entriesOf(config, open).find(({ key }) => key === 'https')?.value
  return (https !== undefined && !/^(?:false|undefined|null)$/.test(https)) || /\b(?:basicSsl|mkcert)\s*\(/.test(config)
}

/** create-react-app's files, the first that has a name wins (https://create-react-app.dev/docs/adding-custom-environment-variables). */
async function dotenvOf(folder: string): Promise<Map<string, string>> {
  const values = new Map<string, string>()
  for (const name of ['.env', '.env.development', '.env.local', '.env.development.local']) {
    for (const [, key = '', value = ''] of ((await readText(join(folder, name))) ?? '').matchAll(/^\s*(PORT|HTTPS)\s*=\s*["']?(\w+)/gm))
      values.set(key, value)
  }
  return values
}
