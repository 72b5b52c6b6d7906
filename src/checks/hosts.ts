import { judgeUnserved } from './application.ts'
import { all, diagnosis, type Diagnosis } from './diagnosis.ts'
import { inFile } from '../facts/dotenv-survey.ts'
import { judgeShadowed } from './dotenv.ts'
import type { Evidence } from './evidence.ts'
import { allowsOrigin, isAllowed, isOwnList } from '../facts/allowed-hosts.ts'
import { bracketed } from '../host/tcp.ts'

/** What is nearer to the root than a refusal of the Origin or of the host. Pure. */
export function behindHosts(evidence: Evidence, refused: Diagnosis): Diagnosis[] {
  return all(
    judgeUnserved(evidence),
    judgeList(evidence, refused),
    judgeShadowed(evidence, ['ALLOWED_HOSTS'], refused),
    judgeHosts(evidence, refused.evidence),
  )
}

/** What the validator's list is: one of its own, or ALLOWED_HOSTS. Pure. */
function judgeList(evidence: Evidence, refused: Diagnosis): Diagnosis | undefined {
  const { examination, wire } = evidence
  const [settings, origins] = [examination?.get('settings'), examination?.get('application')?.origins ?? undefined]
  const { origin } = wire.endpoint
  if (refused.id !== 'origin-rejected' || origin === undefined || settings === undefined || origins === undefined) return undefined
  const lets = URL.canParse(origin) && origins.some((pattern) => allowsOrigin(pattern, new URL(origin)))
  if (!lets && !isOwnList(origins, settings.allowed_hosts, settings.debug)) return ofHosts(evidence, refused, origin)
  return {
    ...refused,
    evidence: [...refused.evidence, `Its OriginValidator lets through: ${origins.length === 0 ? 'nothing' : origins.join(', ')}`],
    remedy: {
      text: lets
        ? `Its list has ${origin}: the validator refuses it by its own rule. Correct valid_origin() of the class that derives from OriginValidator.`
        : `Add ${JSON.stringify(origin)} to the list passed to OriginValidator in the ASGI application.`,
      commands: [],
      automatic: 'no',
    },
  }
}

/** The list is ALLOWED_HOSTS, and nothing else: where pages are 400 for it as well, that is told by them. */
function ofHosts(evidence: Evidence, refused: Diagnosis, origin: string): Diagnosis | undefined {
  const { http } = evidence.wire
  const settings = evidence.examination?.get('settings')
  if (settings === undefined || !URL.canParse(origin) || (http?.result === 'answer' && http.status === 400)) return undefined
  const host = new URL(origin).hostname
  return {
    ...refused,
    title: `ALLOWED_HOSTS lacks ${host}: the backend refuses the Origin ${origin}`,
    evidence: [...refused.evidence, hostsWords(evidence, settings.allowed_hosts)],
    remedy: { ...refused.remedy, text: `Add ${host} to ALLOWED_HOSTS.` },
  }
}

/** What ALLOWED_HOSTS is, with the place of its value where that is a file. */
function hostsWords(evidence: Evidence, hosts: readonly string[]): string {
  const file = inFile(evidence, 'ALLOWED_HOSTS')
  return `ALLOWED_HOSTS is ${hosts.length === 0 ? 'empty' : hosts.join(', ')}${file === undefined ? '' : ` (${file.shown})`}`
}

/** Pages are 400 because ALLOWED_HOSTS lacks the host of the URL; `seen` is the refusal of the socket, where there is one. Pure. */
export function judgeHosts(evidence: Evidence, seen: readonly string[]): Diagnosis | undefined {
  const { wire, examination } = evidence
  const { http, endpoint } = wire
  if (http?.result !== 'answer' || http.status !== 400) return undefined
  const settings = examination?.get('settings')
  const host = bracketed(endpoint.host)
  if (settings !== undefined && isAllowed(host, settings.allowed_hosts, settings.debug)) return undefined
  if (settings === undefined && !/DisallowedHost|Bad Request \(400\)/.test(http.body)) return undefined
  const scheme = settings?.allowed_hosts.find((entry) => entry.includes('://'))
  return diagnosis(
    'allowed-hosts',
    scheme === undefined
      ? `ALLOWED_HOSTS lacks ${host}: every page is 400`
      : 'ALLOWED_HOSTS has a value with a scheme, which fits no host: every page is 400',
    [
      'GET / is 400 (DisallowedHost)',
      ...(settings === undefined ? [] : [hostsWords(evidence, settings.allowed_hosts)]),
      ...(scheme === undefined ? [] : ['An Origin is matched with its scheme, a Host never: so the socket may still get 101']),
      ...seen,
    ],
    'Write bare host names: localhost,127.0.0.1,[::1].',
  )
}
