import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from '../host/files.ts'
import { readManifestProxy, readSetupProxy, readViteConfig, type DevProxy } from './dev-proxy.ts'
import type { EnvValue } from './frontend-variables.ts'
import { lineOf, withoutComments } from './script-text.ts'

/** A URL that stands in a source: of a WebSocket anywhere, or of HTTP on this machine. */
export interface WrittenUrl {
  /** Relative to the frontend's folder, with forward slashes. */
  readonly file: string
  readonly line: number
  /** As it is written, without login, query and fragment. */
  readonly text: string
  readonly scheme: 'ws' | 'wss' | 'http' | 'https'
  /** Without the brackets of IPv6. */
  readonly host: string
  readonly port: number | undefined
  /** Empty where there is none. */
  readonly path: string
}

/** A variable of an `.env` file that the bundler hands to the page. */
export interface UrlVariable extends EnvValue {
  /** Without login, query and fragment. */
  readonly value: string
}

/** How a frontend is told where its backend is, read as text: nothing is evaluated. */
export interface FrontendWiring {
  readonly urls: readonly WrittenUrl[]
  readonly variables: readonly UrlVariable[]
  readonly proxies: readonly DevProxy[]
  /** The dev server's port, where its configuration has it as a number. */
  readonly port: number | undefined
  /** False: there was more to read than time, or than is read of one frontend. */
  readonly complete: boolean
}

/** Bounds of one reading: files, bytes of each, milliseconds. */
export const wiringBounds = { files: 1500, bytes: 512 * 1024, ms: 300 }

const sourceName = /\.(?:jsx?|tsx?|mjs|vue|svelte|html)$/
/** What is built, installed, or written for tests says nothing of the page. */
const passedFolder = /^(?:\.|node_modules$|dist$|build$|out$|coverage$|tests?$|__tests__$|__mocks__$|e2e$|cypress$|playwright$)/
const passedFile = /(?:\.(?:test|spec|stories|config|min)\.\w+|\.d\.ts|^setupProxy\.[jt]s)$/

/** Reads a frontend's folder. Never throws: what can't be read says nothing. `onSource` gets every source that is read. */
export async function frontendWiring(
  folder: string,
  bounds: typeof wiringBounds = wiringBounds,
  onSource?: (file: string, text: string) => void,
): Promise<FrontendWiring> {
  const until = performance.now() + bounds.ms
  // what says most comes first: there are few of these files
  const [variables, dev] = await Promise.all([variablesOf(folder, bounds.bytes), devServerOf(folder)])
  const found = await sourcesOf(folder, bounds.files, until)
  const urls: WrittenUrl[] = []
  let complete = found.complete
  const together = 16
  for (let index = 0; index < found.files.length; index += together) {
    if (performance.now() > until) {
      complete = false
      break
    }
    const batch = found.files.slice(index, index + together)
    const texts = await Promise.all(batch.map((file) => boundedText(join(folder, file), bounds.bytes)))
    urls.push(...batch.flatMap((file, at) => urlsIn(file, texts[at] ?? '')))
    if (onSource !== undefined) for (const [at, file] of batch.entries()) onSource(file, texts[at] ?? '')
  }
  return { urls, variables, ...dev, complete }
}

/** The URLs of a source, comments passed over. One whose host is put together at run time (`ws://${host}/`) isn't written there. */
export function urlsIn(file: string, source: string): WrittenUrl[] {
  if (!/(?:wss?|https?):\/\//i.test(source)) return []
  const text = withoutComments(source)
  return [...text.matchAll(writtenUrl)].flatMap((match) => {
    const [, scheme = '', host = '', port, path = ''] = match
    const kind = schemeOf(scheme.toLowerCase())
    if (kind === undefined || (kind.startsWith('http') && !isLocal(host))) return []
    const line = lineOf(text, match.index)
    const shown = `${scheme}://${host}${port === undefined ? '' : `:${port}`}${path}`
    return [
      {
        file,
        line,
        text: shown,
        scheme: kind,
        host: host.replace(/^\[|\]$/g, ''),
        port: port === undefined ? undefined : Number(port),
        path,
      },
    ]
  })
}

/** A scheme, maybe a login, a host, a port, a path. What follows the host must not go on with it: `ws://api${suffix}`. */
const writtenUrl =
  /\b(wss?|https?):\/\/(?:[^\s'"`@/?#<>]{0,200}@)?(\[[0-9a-f:]+\]|[\w-]+(?:\.[\w-]+)*)(?![\w.-]|\$\{)(?::(\d{1,5}))?((?:\/[^\s'"`<>()\\?#]*)?)/gi

function schemeOf(scheme: string): WrittenUrl['scheme'] | undefined {
  return scheme === 'ws' || scheme === 'wss' || scheme === 'http' || scheme === 'https' ? scheme : undefined
}

/** True for the names and addresses of this very machine, brackets of IPv6 or not. */
export function isLocal(host: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[?::1?\]?)$/i.test(host)
}

/** The files of a folder and below that may hold sources, nearest first. Links aren't followed: they may lead in circles. */
async function sourcesOf(folder: string, most: number, until: number): Promise<{ files: string[]; complete: boolean }> {
  const files: string[] = []
  const waiting = ['']
  for (const below of waiting) {
    if (performance.now() > until) return { files, complete: false }
    const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory() && !passedFolder.test(entry.name)) waiting.push(path)
      if (!entry.isFile() || !sourceName.test(entry.name) || passedFile.test(entry.name)) continue
      if (files.length === most) return { files, complete: false }
      files.push(path)
    }
  }
  return { files, complete: true }
}

export async function boundedText(path: string, bytes: number): Promise<string | undefined> {
  const size = await stat(path).then(
    (entry) => (entry.isFile() ? entry.size : Number.POSITIVE_INFINITY),
    () => Number.POSITIVE_INFINITY,
  )
  return size > bytes ? undefined : readText(path)
}

/** Vite, create-react-app and Next.js hand on what begins with their prefix, from `.env` and its variations, never from an example. */
async function variablesOf(folder: string, bytes: number): Promise<UrlVariable[]> {
  const names = (await readdir(folder).catch(() => [])).filter(
    (name) => /^\.env(?:\.|$)/.test(name) && !/\.(?:example|sample|template|dist)$/.test(name),
  )
  const texts = await Promise.all(names.map((name) => boundedText(join(folder, name), bytes)))
  return names.flatMap((file, index) => readVariables(file, texts[index] ?? ''))
}

/** The variables of an `.env` file that name a URL. */
export function readVariables(file: string, text: string): UrlVariable[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const [, name, written = ''] = /^\s*(?:export\s+)?((?:VITE|REACT_APP|NEXT_PUBLIC)_\w+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    const value = /^(['"`])(.*?)\1/.exec(written)?.[2] ?? written.replace(/\s#.*$/, '').trim()
    if (name === undefined || !/^(?:wss?|https?):\/\//i.test(value)) return []
    return [{ file, line: index + 1, name, value: value.replace(/[?#].*$/, '').replace(/^(\w+:\/\/)[^/@]*@/, '$1') }]
  })
}

async function devServerOf(folder: string): Promise<{ proxies: DevProxy[]; port: number | undefined }> {
  const names = await readdir(folder).catch(() => [])
  const config = names.find((name) => /^vite\.config\.[cm]?[jt]s$/.test(name))
  const vite = config === undefined ? undefined : await boundedText(join(folder, config), wiringBounds.bytes)
  const manifest = await boundedText(join(folder, 'package.json'), wiringBounds.bytes)
  const setup = await Promise.all(
    ['setupProxy.js', 'setupProxy.ts'].map((name) => boundedText(join(folder, 'src', name), wiringBounds.bytes)),
  )
  const read = vite === undefined || config === undefined ? { proxies: [], port: undefined } : readViteConfig(config, vite)
  return {
    proxies: [
      ...read.proxies,
      ...readManifestProxy('package.json', manifest ?? ''),
      ...setup.flatMap((text, index) => readSetupProxy(index === 0 ? 'src/setupProxy.js' : 'src/setupProxy.ts', text ?? '')),
    ],
    port: read.port,
  }
}
