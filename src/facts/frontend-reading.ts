import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { toolConfiguredBy } from '../dev-tools/known.ts'
import type { Host } from '../host/host.ts'
import { proxiesOf } from './dev-proxy.ts'
import { pageHostSocket, portsIn, urlsIn, urlVariables, type FrontendWiring, type WrittenPort, type WrittenUrl } from './frontend-wiring.ts'
import { findFrontend, givenPort, type FrontendFact } from './frontend-app.ts'
import { envValues, variableUses, type EnvValue, type VariableUse } from './frontend-variables.ts'
import type { SourcePlace } from './script-text.ts'
import { findProgram, type ProgramFact } from './package-bin.ts'
import { boundedText, isDotenv, isDotenvExample, sourcesOf, type Bounds } from './source-texts.ts'
import { askTool, tells, type AskedTool, type ToolAnswer } from './dev-answer.ts'

/** What a frontend's files say of its backend: everything is read once, as text. */
export interface FrontendReading extends FrontendWiring {
  /** Of the `.env` files, in the order of the files' names. */
  readonly values: readonly EnvValue[]
  /** Of examples of such files, which no dev tool reads. */
  readonly examples: readonly EnvValue[]
  readonly uses: readonly VariableUse[]
  readonly ports: readonly WrittenPort[]
  /** URLs in the dev server's own configuration. */
  readonly configured: readonly WrittenUrl[]
  /** Where a source opens a WebSocket at the page's own host. */
  readonly pageSocket: SourcePlace | undefined
  /** Variables that the dev server says it has, where it was asked: an `.env` in another folder is among them. */
  readonly served: Readonly<Record<string, string>>
}

/** Bounds of one reading: files, bytes of each, milliseconds. */
export const readingBounds = { files: 1500, bytes: 512 * 1024, ms: 300 }

/** Reads a frontend's folder, or the pages of a backend's, as far as the bounds go. `except`: a folder below it that is passed over. Never throws: what can't be read says nothing. */
export async function readFrontend(
  folder: string,
  bounds: Bounds = readingBounds,
  except?: string,
): Promise<Omit<FrontendReading, 'folder'>> {
  const until = performance.now() + bounds.ms
  const textsOf = (files: readonly string[]) =>
    Promise.all(files.map(async (file) => ({ file, text: (await boundedText(join(folder, file), bounds.bytes)) ?? '' })))
  const names = (await readdir(folder).catch(() => [])).toSorted()
  // what says most comes first: there are few of these files
  const [own, setups, dotenv, examples, manifests] = await Promise.all([
    textsOf(names.filter((name) => toolConfiguredBy(name) !== undefined)),
    textsOf(['src/setupProxy.js', 'src/setupProxy.ts']),
    textsOf(names.filter(isDotenv)),
    textsOf(names.filter(isDotenvExample)),
    textsOf(['package.json']),
  ])
  const configs = [...own, ...setups]
  const values = dotenv.flatMap(({ file, text }) => envValues(file, text))
  const proxying = own.filter(({ file }) => toolConfiguredBy(file)?.config?.proxies === true).slice(0, 1)
  const urls: WrittenUrl[] = []
  const uses: VariableUse[] = []
  const ports: WrittenPort[] = []
  let pageSocket: FrontendReading['pageSocket']
  const files = await sourcesOf(folder, bounds.files, until, { except })
  const together = 16
  for (let index = 0; index < files.length && performance.now() <= until; index += together) {
    for (const { file, text } of await textsOf(files.slice(index, index + together))) {
      urls.push(...urlsIn(file, text))
      uses.push(...variableUses(file, text))
      ports.push(...portsIn(file, text))
      pageSocket ??= pageHostSocket(file, text)
    }
  }
  return {
    urls,
    variables: urlVariables(values),
    proxies: [...proxying, ...manifests, ...setups].flatMap(({ file, text }) => proxiesOf(file, text)),
    values,
    examples: examples.flatMap(({ file, text }) => envValues(file, text)),
    uses: [...uses, ...configs.flatMap(({ file, text }) => variableUses(file, text, true))],
    ports: [...ports, ...configs.flatMap(({ file, text }) => portsIn(file, text))],
    configured: configs.flatMap(({ file, text }) => urlsIn(file, text)),
    pageSocket,
    served: {},
  }
}

/** All that the files of a frontend tell, without starting anything of it. */
export interface FrontendFiles {
  readonly frontend: FrontendFact
  /** Undefined where there is no frontend, or no command that could be looked for. */
  readonly program: ProgramFact | undefined
  readonly reading: FrontendReading
}

const nothing: FrontendReading = {
  folder: '.',
  urls: [],
  variables: [],
  proxies: [],
  values: [],
  examples: [],
  uses: [],
  ports: [],
  configured: [],
  pageSocket: undefined,
  served: {},
}

/**
 * Gathers everything about the frontend of a checkout. `node`: the interpreter
 * of JavaScript that is to run it. Never throws. To be asked anew once its
 * packages were installed.
 */
export async function gatherFrontend(
  host: Pick<Host, 'env' | 'platform'>,
  config: Pick<Config, 'frontend'>,
  project: { readonly root: string; readonly backend: string },
  node: string,
): Promise<FrontendFiles> {
  const frontend = await findFrontend(config, project, host.env)
  if (frontend.kind === 'none') return { frontend, program: undefined, reading: nothing }
  const { folder, shown, command } = frontend.app
  const [program, reading] = await Promise.all([
    command.kind === 'command' ? findProgram(host, folder, command.command, frontend.app, node) : undefined,
    readFrontend(folder),
  ])
  return { frontend, program, reading: { ...reading, folder: shown } }
}

/**
 * Lets the frontend's dev server tell what it makes of its files, where it can
 * and its packages are there; undefined where nobody is asked. Never throws.
 */
export async function askFrontend(
  { frontend, program }: FrontendFiles,
  context: { readonly env: Readonly<Record<string, string | undefined>>; readonly node: string; readonly signal?: AbortSignal },
): Promise<AskedTool | undefined> {
  if (frontend.kind === 'none' || program?.state !== 'found' || !tells(frontend.app.tool)) return undefined
  const { folder, command, tool } = frontend.app
  // only the shell of its script knows what a variable comes to
  if (command.kind !== 'command' || command.command.args.some((word) => /[$%`]/.test(word))) return undefined
  return askTool(folder, { ...context, tool, args: command.command.args })
}

/**
 * The same with what the tool itself has told, which counts before what its files
 * seem to say. `given`: names of variables that it was asked with and that are
 * not its own. Pure.
 */
export function withAnswer(files: FrontendFiles, answer: ToolAnswer, given: readonly string[] = []): FrontendFiles {
  const { frontend, reading } = files
  if (frontend.kind === 'none') return files
  const { app } = frontend
  const { port, scheme, base, file } = answer
  const isGiven = app.address.source === givenPort
  const served = Object.fromEntries(Object.entries(answer.env).filter(([name]) => !given.includes(name)))
  return {
    ...files,
    frontend: {
      kind: 'app',
      app: {
        ...app,
        address: { port: isGiven ? app.address.port : port, source: isGiven ? givenPort : file, scheme, base },
      },
    },
    reading: { ...reading, proxies: answer.proxies, served },
  }
}
