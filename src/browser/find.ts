import { isAbsolute, join } from 'node:path'
import { mayRun } from '../facts/programs.ts'
import type { Host } from '../host/host.ts'
import { pathFolders } from '../host/programs.ts'

/** A browser that speaks the DevTools protocol. */
interface BrowserRecord {
  readonly name: string
  /** Programs on the PATH (Linux). */
  readonly programs: readonly string[]
  /** Its program in a folder of applications (macOS). */
  readonly app: string
  /** Below a folder of programs (Windows). */
  readonly windows: string
}

/** In the order in which they are looked for: what most people debug with comes first. */
const browsers: readonly BrowserRecord[] = [
  {
    name: 'Chrome',
    programs: ['google-chrome-stable', 'google-chrome', 'chrome'],
    app: 'Google Chrome.app/Contents/MacOS/Google Chrome',
    windows: String.raw`Google\Chrome\Application\chrome.exe`,
  },
  {
    name: 'Chromium',
    programs: ['chromium', 'chromium-browser'],
    app: 'Chromium.app/Contents/MacOS/Chromium',
    windows: String.raw`Chromium\Application\chrome.exe`,
  },
  {
    name: 'Edge',
    programs: ['microsoft-edge-stable', 'microsoft-edge'],
    app: 'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    windows: String.raw`Microsoft\Edge\Application\msedge.exe`,
  },
  {
    name: 'Brave',
    programs: ['brave-browser', 'brave'],
    app: 'Brave Browser.app/Contents/MacOS/Brave Browser',
    windows: String.raw`BraveSoftware\Brave-Browser\Application\brave.exe`,
  },
]

/** A browser that can look at a page, or why there is none. */
export type FoundBrowser = { readonly file: string; readonly name: string } | { readonly why: string }

/**
 * Where browsers may be, in the order in which they are looked for. In WSL only
 * Linux's own: the pipe to a browser doesn't reach a Windows program. Pure.
 */
export function browserPlaces({ platform, env }: Pick<Host, 'platform' | 'env'>): { readonly file: string; readonly name: string }[] {
  if (platform === 'win32') {
    const folders = ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((name) => env[name] ?? [])
    return browsers.flatMap(({ name, windows }) => folders.map((folder) => ({ name, file: `${folder}\\${windows}` })))
  }
  if (platform === 'darwin') {
    const folders = ['/Applications', ...(env['HOME'] === undefined ? [] : [join(env['HOME'], 'Applications')])]
    return browsers.flatMap(({ name, app }) => folders.map((folder) => ({ name, file: join(folder, app) })))
  }
  const folders = pathFolders({ platform, env }).filter((folder) => isAbsolute(folder))
  return browsers.flatMap(({ name, programs }) =>
    programs.flatMap((program) => folders.map((folder) => ({ name, file: join(folder, program) }))),
  )
}

/** The browser that looks at pages: the one of `CHROME_PATH`, else the first of the usual places. Never throws. */
export async function findBrowser(host: Pick<Host, 'platform' | 'env'>): Promise<FoundBrowser> {
  const named = host.env['CHROME_PATH'] ?? ''
  const called = browsers.find(({ name }) => named.toLowerCase().includes(name.toLowerCase()))?.name ?? 'Chrome'
  if (named !== '') return (await mayRun(named)) ? { file: named, name: called } : { why: `CHROME_PATH names ${named}, which can't be run` }
  for (const place of browserPlaces(host)) if (await mayRun(place.file)) return place
  const names = browsers.map(({ name }) => name).join(', ')
  return { why: `no browser was found (${names}, or the one that CHROME_PATH names)` }
}
