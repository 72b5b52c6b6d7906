import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { boundedText, frontendWiring, urlsIn, wiringBounds, type FrontendWiring, type WrittenUrl } from './frontend-wiring.ts'
import { envValues, variableUses, type EnvValue, type VariableUse } from './frontend-variables.ts'
import { pageHostSocket, portsIn, type WrittenPort } from './hard-coded-port.ts'

/** What a frontend's files say of its backend: everything is read once, as text. */
export interface FrontendReading {
  readonly wiring: FrontendWiring
  /** Of the `.env` files, in the order of the files' names. */
  readonly values: readonly EnvValue[]
  readonly uses: readonly VariableUse[]
  readonly ports: readonly WrittenPort[]
  /** URLs in the dev server's own configuration. */
  readonly configured: readonly WrittenUrl[]
  /** Where a source opens a WebSocket at the page's own host. */
  readonly pageSocket: { readonly file: string; readonly line: number } | undefined
}

const configName = /^(?:vite|astro|vue|next|webpack)\.config\.[cm]?[jt]s$/
const setupName = /^setupProxy\.[jt]s$/

/** Reads a frontend's folder, within the bounds of `frontendWiring`. Never throws: what can't be read says nothing. */
export async function readFrontend(folder: string, bounds: typeof wiringBounds = wiringBounds): Promise<FrontendReading> {
  const uses: VariableUse[] = []
  const ports: WrittenPort[] = []
  let pageSocket: FrontendReading['pageSocket']
  const names = await readdir(folder).catch(() => [])
  const below = await readdir(join(folder, 'src')).catch(() => [])
  const configs = [
    ...names.filter((name) => configName.test(name)),
    ...below.filter((name) => setupName.test(name)).map((name) => `src/${name}`),
  ]
  const dotenv = names.filter((name) => /^\.env(?:\.|$)/.test(name) && !/\.(?:example|sample|template|dist)$/.test(name)).toSorted()
  const textOf = async (name: string) => (await boundedText(join(folder, name), bounds.bytes)) ?? ''
  const [wiring, configTexts, dotenvTexts] = await Promise.all([
    frontendWiring(folder, bounds, (file, text) => {
      uses.push(...variableUses(file, text))
      ports.push(...portsIn(file, text))
      pageSocket ??= pageHostSocket(file, text)
    }),
    Promise.all(configs.map(textOf)),
    Promise.all(dotenv.map(textOf)),
  ])
  return {
    wiring,
    values: dotenv.flatMap((file, index) => envValues(file, dotenvTexts[index] ?? '')),
    uses: [...uses, ...configs.flatMap((file, index) => variableUses(file, configTexts[index] ?? '', true))],
    ports: [...ports, ...configs.flatMap((file, index) => portsIn(file, configTexts[index] ?? ''))],
    configured: configs.flatMap((file, index) => urlsIn(file, configTexts[index] ?? '')),
    pageSocket,
  }
}
