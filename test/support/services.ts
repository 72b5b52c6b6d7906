/** Services for tests: small Node programs that bear the mark of a test, and a record of what is told of them. */
import type { ServiceStatus } from '../../src/facts/service-status.ts'
import type { ServicePlan } from '../../src/plan/service.ts'
import { Services, type Clock, type ServiceEvents } from '../../src/run/services.ts'
import { testHost, type Mark } from './processes.ts'

/** A plan that runs a Node script. */
export function nodeService(mark: Mark, name: string, script: string, more: Partial<ServicePlan> = {}): ServicePlan {
  return {
    name,
    kind: 'service',
    file: process.execPath,
    args: ['-e', script],
    cwd: mark.env['TMPDIR'] ?? '/',
    env: { PATH: process.env['PATH'], ...mark.env },
    ready: undefined,
    readyTimeoutMs: 10_000,
    dependsOn: [],
    restart: 'on-failure',
    stopTimeoutMs: 5000,
    url: undefined,
    shown: `node -e … (${name})`,
    ...more,
  }
}

/** Runs until it is ended. */
export const runsOn = 'setInterval(() => {}, 1000)'
/** Says so first. */
export const says = (line: string, then = runsOn) => `console.log(${JSON.stringify(line)}); ${then}`

export interface Recorded {
  /** `worker ready`, in the order of events. */
  readonly states: () => string[]
  readonly lines: () => string[]
  readonly last: (name: string) => ServiceStatus | undefined
  /** Resolves once a status fits, also one that was told before. */
  readonly until: (fits: (status: ServiceStatus) => boolean) => Promise<ServiceStatus>
  readonly events: ServiceEvents
}

export function record(): Recorded {
  const statuses: ServiceStatus[] = []
  const lines: string[] = []
  const watchers = new Set<(status: ServiceStatus) => void>()
  return {
    states: () => statuses.map(({ name, state }) => `${name} ${state}`),
    lines: () => lines,
    last: (name) => statuses.findLast((status) => status.name === name),
    until: (fits) =>
      new Promise((resolve) => {
        const seen = statuses.find((status) => fits(status))
        if (seen !== undefined) resolve(seen)
        const look = (status: ServiceStatus) => {
          if (!fits(status)) return
          watchers.delete(look)
          resolve(status)
        }
        watchers.add(look)
      }),
    events: {
      onLine: (name, line) => lines.push(`${name}: ${line}`),
      onStatus: (status) => {
        statuses.push(status)
        for (const watch of watchers) watch(status)
      },
    },
  }
}

/** Keeps services of these plans up. */
export function supervised(plans: readonly ServicePlan[], events: ServiceEvents, signal: AbortSignal, clock?: Clock): Services {
  const services = new Services(testHost, events, signal, clock)
  for (const plan of plans) services.add(plan)
  return services
}

/** A clock whose waits are over at once; they are written down, and time goes by with them. */
export function quickClock(): Clock & { readonly waits: readonly number[]; readonly pass: (ms: number) => void } {
  const waits: number[] = []
  let now = 0
  return {
    waits,
    pass: (ms) => void (now += ms),
    now: () => now,
    wait: async (ms) => {
      waits.push(ms)
      now += ms
    },
  }
}
