import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from '../host/files.ts'
import { readViteConfig } from './dev-proxy.ts'
import { devTools, type DevCommand, type DevTool } from './dev-script.ts'
import { withoutComments } from './script-text.ts'

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
  const vite = tool === 'vite' || tool === 'astro' ? readViteConfig(file ?? '', config) : undefined
  const isSecure =
    tool === 'vite'
      ? vite?.secure === true
      : tool === 'react-scripts'
        ? value('HTTPS') === 'true'
        : command?.args.some((word) => word === '--experimental-https' || word === '--https') === true
  const base = tool === 'vite' ? (/\bbase\s*:\s*(['"`])(\/[\w\-./]*)\1/.exec(config)?.[2] ?? '/') : '/'
  const readsVariable = tool === 'react-scripts' || tool === 'next' || tool === 'vue-cli-service' || tool === 'other'
  const written = vite === undefined ? numberIn(/\bdevServer\s*:\s*\{[^}]*?\bport\s*:\s*(\d+)/.exec(config)?.[1]) : vite.port
  const places: readonly (readonly [number | undefined, string])[] = [
    [portFlag(command?.args ?? []), '--port of the script'],
    [readsVariable ? numberIn(command?.env['PORT']) : undefined, 'PORT of the script'],
    [written, file ?? ''],
    [numberIn(dotenv.get('PORT')), 'PORT in .env'],
  ]
  const usual = [tool === 'other' ? undefined : devTools[tool].port, `default of ${tool}`] as const
  const [port, source] = places.find(([found]) => found !== undefined) ?? usual
  return { port, source, scheme: isSecure ? 'https' : 'http', base: base.endsWith('/') ? base : `${base}/` }
}

/** The port of `--port 3001`, `--port=3001`, `-p 3001`. */
export function portFlag(args: readonly string[]): number | undefined {
  const [, joined] = /^(?:--port=|-p=?)(\d+)$/.exec(args.find((word) => /^(?:--port=|-p=?)\d/.test(word)) ?? '') ?? []
  const at = args.findIndex((word) => word === '--port' || word === '-p')
  return numberIn(joined ?? (at < 0 ? undefined : args[at + 1]))
}

const numberIn = (text: string | undefined): number | undefined => (text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : undefined)

/** create-react-app's files, the first that has a name wins (https://create-react-app.dev/docs/adding-custom-environment-variables). */
async function dotenvOf(folder: string): Promise<Map<string, string>> {
  const values = new Map<string, string>()
  for (const name of ['.env', '.env.development', '.env.local', '.env.development.local']) {
    for (const [, key = '', value = ''] of ((await readText(join(folder, name))) ?? '').matchAll(/^\s*(PORT|HTTPS)\s*=\s*["']?(\w+)/gm))
      values.set(key, value)
  }
  return values
}
