import { join } from 'node:path'
import { bracketed } from '../../host/tcp.ts'
import type { Evidence } from '../../checks/evidence.ts'
import { fix, noFix, type Fix, type Action, type Planner, type NoFix, type FixFacts } from '../step.ts'

/** What is to change in the URL that the page uses. */
export interface UrlChange {
  readonly scheme?: 'ws' | 'wss'
  readonly host?: string
  readonly port?: number
  readonly path?: string
}

/** The last slash of the route. */
export const rightSlash: Planner = (evidence, facts) => {
  const { path } = evidence.wire.endpoint
  return correct(evidence, facts, { path: path.endsWith('/') ? path.slice(0, -1) : `${path}/` })
}

/** The scheme that the port speaks. */
export const rightScheme: Planner = (evidence, facts) => correct(evidence, facts, { scheme: evidence.wire.endpoint.secure ? 'ws' : 'wss' })

/** The port that the backend listens on. */
export const rightPort: Planner = (evidence, facts) => {
  const { port } = evidence.wire.endpoint
  const at =
    evidence.direct?.endpoint.port ??
    evidence.servers.ofProject.flatMap(({ listens }) => listens).find((listen) => listen.port !== port)?.port
  return at === undefined
    ? noFix('no server of this project listens anywhere: start it, and correct the URL of the page')
    : correct(evidence, facts, { port: at })
}

/** The address that the backend answers at. */
export const rightAddress: Planner = (evidence, facts) => {
  const { endpoint, experiments } = evidence.wire
  const answers = experiments.byAddress?.find(({ handshake }) => handshake.result === 'open')?.address
  const listens = evidence.servers.ofProject.flatMap((server) => server.listens).find(({ port }) => port === endpoint.port)?.address
  const address = answers ?? listens
  return address === undefined
    ? noFix("the address that the backend answers at can't be seen")
    : correct(evidence, facts, { host: bracketed(address) })
}

/** Corrects every place of the frontend that has the wrong URL; where there is none, the right one is said. */
function correct(evidence: Evidence, facts: FixFacts, change: UrlChange): Fix | NoFix {
  const { wire, frontend, checkout } = evidence
  const { endpoint } = wire
  const right = changed(endpoint.url.replace(/\?.*$/, ''), change) ?? endpoint.url
  const folder = checkout === undefined ? undefined : join(checkout.project.root, frontend?.folder ?? 'frontend')
  const written = [
    ...(frontend?.urls ?? []).map(({ file, line, text }) => ({ file, line, text })),
    ...(frontend?.variables ?? []).map(({ file, line, value }) => ({ file, line, text: value })),
    ...(frontend?.proxies ?? []).flatMap(({ file, line, target }) =>
      target === undefined || change.path !== undefined ? [] : [{ file, line, text: target }],
    ),
  ].filter(({ text }) => isSame(text, evidence))
  const steps = new Map<string, Action & { kind: 'edit' }>()
  for (const { file, text } of written) {
    const path = folder === undefined ? undefined : join(folder, ...file.split('/'))
    const source = path === undefined ? undefined : facts.texts.get(path)
    const correction = changed(text, change)
    if (path === undefined || source === undefined || correction === undefined || correction === text) continue
    const current = steps.get(path)?.after ?? source
    const after = replaceUrl(current, text, correction)
    if (after === current) continue
    steps.set(path, { kind: 'edit', file: path, before: source, after, language: file.startsWith('.env') ? 'dotenv' : 'script' })
  }
  if (steps.size === 0) return noFix(`no file of the frontend has that URL. The right one is ${right}`)
  return fix([...steps.values()], { url: right, notes: [`The right URL is ${right}`] })
}

/** Where the URL ends in the source: not in the middle of a longer one. */
function replaceUrl(source: string, text: string, by: string): string {
  let after = ''
  let at = 0
  for (let found = source.indexOf(text); found !== -1; found = source.indexOf(text, at)) {
    const next = source[found + text.length] ?? ''
    after += source.slice(at, found) + (/[\w/.-]/.test(next) ? text : by)
    at = found + text.length
  }
  return after + source.slice(at)
}

/** The place that the page was sent to: same port, and the same path where one is written. */
function isSame(text: string, { wire }: Evidence): boolean {
  if (!URL.canParse(text)) return false
  const { endpoint } = wire
  const url = new URL(text)
  const port = url.port === '' ? (/^(?:wss|https):$/.test(url.protocol) ? 443 : 80) : Number(url.port)
  const isLocal = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/
  const sameHost = url.hostname === endpoint.host || (isLocal.test(url.hostname) && isLocal.test(endpoint.host))
  return port === endpoint.port && sameHost && (!url.protocol.startsWith('ws') || url.pathname === '/' || url.pathname === endpoint.path)
}

/** The URL with the change, its layout kept: nothing is added that isn't written. Undefined where the change doesn't apply to it. */
export function changed(text: string, { scheme, host, port, path }: UrlChange): string | undefined {
  const [, oldScheme = '', oldHost = '', oldPort, oldPath = ''] = /^(wss?|https?):\/\/(\[[^\]]+\]|[^/:]+)(?::(\d+))?(.*)$/i.exec(text) ?? []
  if (oldScheme === '') return undefined
  const isWs = /^ws/i.test(oldScheme)
  if (path !== undefined && (oldPath === '' || oldPath === '/' || !isWs)) return undefined
  const newScheme = scheme === undefined ? oldScheme : isWs ? scheme : scheme === 'wss' ? 'https' : 'http'
  const newPort = port ?? (oldPort === undefined ? undefined : Number(oldPort))
  return `${newScheme}://${host ?? oldHost}${newPort === undefined ? '' : `:${newPort}`}${path ?? oldPath}`
}
