import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from '../host/files.ts'
import type { DevConfig } from './dev-proxy.ts'
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

/** Tools whose configuration has a port. */
const configNames: Partial<Record<DevTool, RegExp>> = {
  vite: /^vite\.config\.[cm]?[jt]s$/,
  astro: /^astro\.config\.[cm]?[jt]s$/,
  'vue-cli-service': /^vue\.config\.[cm]?[jt]s$/,
  webpack: /^webpack\.config\.[cm]?[jt]s$/,
}

/** Tools that take their port from the environment, where no argument tells it (https://create-react-app.dev/docs/advanced-configuration, https://nextjs.org/docs/app/api-reference/cli/next#next-dev-options, Vue CLI's lib/commands/serve.js). */
const readPort: readonly DevTool[] = ['react-scripts', 'next', 'vue-cli-service']

/** Reads where the dev server will be. `env`: what it would be started with. Never throws. */
export async function devAddress(
  folder: string,
  tool: DevTool,
  command: DevCommand | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<DevAddress> {
  const names = await readdir(folder).catch(() => [])
  const file = names.find((name) => configNames[tool]?.test(name) === true)
  const config = file === undefined ? '' : withoutComments((await readText(join(folder, file))) ?? '')
  // most of what reads a configuration waits until there is one
  const written: Pick<DevConfig, 'port' | 'secure'> =
    file === undefined ? { port: undefined, secure: false } : (await import('./dev-proxy.ts')).readDevConfig(file, config)
  const dotenv = tool === 'react-scripts' ? await dotenvOf(folder) : new Map<string, string>()
  const isSecure =
    tool === 'react-scripts'
      ? (command?.env['HTTPS'] ?? env['HTTPS'] ?? dotenv.get('HTTPS')) === 'true'
      : written.secure || command?.args.some((word) => word === '--experimental-https' || word === '--https') === true
  const base = tool === 'vite' ? (/\bbase\s*:\s*(['"`])(\/[\w\-./]*)\1/.exec(config)?.[2] ?? '/') : '/'
  const readsVariable = readPort.includes(tool)
  const places: readonly (readonly [number | undefined, string])[] = [
    [portFlag(command?.args ?? []), '--port of the script'],
    [readsVariable || tool === 'other' ? numberIn(command?.env['PORT']) : undefined, 'PORT of the script'],
    [readsVariable ? numberIn(env['PORT']) : undefined, 'PORT of the environment'],
    [written.port === 'unread' ? undefined : written.port, file ?? ''],
    [numberIn(dotenv.get('PORT')), 'PORT in .env'],
  ]
  // a port that stands there and can't be read is no reason to believe in the usual one
  const usual = [tool === 'other' || written.port === 'unread' ? undefined : devTools[tool].port, `default of ${tool}`] as const
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
    for (const [, key = '', value = ''] of ((await readText(join(folder, name))) ?? '').matchAll(/^[ \t]*(PORT|HTTPS)\s*=\s*["']?(\w+)/gm))
      values.set(key, value)
  }
  return values
}
