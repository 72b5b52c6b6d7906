import { inFile } from '../../facts/dotenv-survey.ts'
import type { Evidence } from '../../checks/evidence.ts'
import { bracketed } from '../../host/tcp.ts'
import { isAllowed } from '../../facts/allowed-hosts.ts'
import { appendedTo, editDotenv, replaced, sourceOf, winningAssignment } from './files.ts'
import { edited, noFix, type Fix, type Planner, type NoFix, type FixFacts } from '../step.ts'
import { elementsOf, literalOf } from './python-text.ts'
import { startWithout } from './serving.ts'

/** What Django allows by itself with DEBUG and an empty list: the first entry would take it away. */
const usual = ['localhost', '127.0.0.1', '[::1]']

/** The host of the URL gets into ALLOWED_HOSTS. */
export const allowHost: Planner = (evidence, facts) => {
  const { wire, direct } = evidence
  if (direct !== undefined && direct.http?.result === 'answer' && direct.http.status !== 400)
    return noFix('directly the backend takes the host: the proxy has to pass it on (proxy_set_header Host $http_host)')
  const { host } = wire.endpoint
  return allow(evidence, facts, inBrackets(host))
}

/** The host of the page's Origin gets into ALLOWED_HOSTS, where that is what the application goes by. */
export const allowOrigin: Planner = (evidence, facts) => {
  const { origin } = evidence.wire.endpoint
  if (origin === undefined || !URL.canParse(origin))
    return noFix('a page from file:// has no Origin that could be allowed: serve it over http')
  const { hostname } = new URL(origin)
  const settings = evidence.examination?.get('settings')
  if (settings !== undefined && settings.allowed_hosts.some((host) => host === hostname || host === '*'))
    return noFix(`ALLOWED_HOSTS has ${hostname}: the list of Origins in the routing refuses it`)
  return allow(evidence, facts, hostname)
}

const inBrackets = (host: string): string => (host.startsWith('[') ? host : bracketed(host))

/** Whether the host that was to be allowed still isn't, by what the settings say: nothing need serve for it. */
export function stillRefused(id: string, { wire, examination }: Pick<Evidence, 'wire' | 'examination'>): boolean {
  const settings = examination?.get('settings')
  if (settings === undefined) return false
  const { host, origin } = wire.endpoint
  if (id === 'allowed-hosts') return !isAllowed(inBrackets(host), settings.allowed_hosts, settings.debug)
  return (
    id === 'origin-rejected' &&
    origin !== undefined &&
    URL.canParse(origin) &&
    !isAllowed(new URL(origin).hostname, settings.allowed_hosts, settings.debug)
  )
}

/** The list with the host, bare names only. */
export function hostsWith(current: readonly string[], host: string): string[] {
  const bare = current
    .map((entry) => entry.trim())
    .flatMap((entry) => {
      const url = entry.includes('://') && URL.canParse(entry) ? new URL(entry).hostname : entry
      return url === '' ? [] : [url]
    })
  return [...new Set([...(bare.length === 0 ? usual : bare), host])]
}

function allow(evidence: Evidence, facts: FixFacts, host: string): Fix | NoFix {
  const known = evidence.examination?.get('settings')?.allowed_hosts
  const source = evidence.checkout?.project.variables.has('ALLOWED_HOSTS') === true ? sourceOf(evidence, 'ALLOWED_HOSTS') : 'no-reader'
  if (source === 'shell') return startWithout(evidence, facts, 'ALLOWED_HOSTS')
  if (source === 'file' || source === 'neither') {
    const written = inFile(evidence, 'ALLOWED_HOSTS')?.value
    const current = written === undefined ? (known ?? []) : written.split(',')
    return edited(editDotenv(evidence, [['ALLOWED_HOSTS', hostsWith(current, host).join(',')]]))
  }
  const found = winningAssignment(evidence, facts, 'ALLOWED_HOSTS')
  if (found !== undefined && found.operator === '=' && /^[[(]/.test(found.value)) {
    const { elements } = elementsOf(found.text, found.span.start)
    const literals = elements.map(({ start, end }) => literalOf(found.text.slice(start, end)))
    if (literals.every((literal) => literal !== undefined)) {
      return replaced(found, `[${quotedList(hostsWith(literals, host))}]`)
    }
  }
  const more = (known ?? []).length === 0 ? usual : []
  return appendedTo(evidence, facts, [`ALLOWED_HOSTS = [*ALLOWED_HOSTS, ${quotedList([...more, host])}]`])
}

const quotedList = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')
