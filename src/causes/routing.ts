import { judgeRoutes } from '../checks/application.ts'
import { wrapRoutes } from '../fix/planners/routes.ts'
import { own, type Cause } from './cause.ts'

const routing = { family: 'routing', severity: 'error' } as const

/** The WebSocket routes. */
export const routingCauses = [
  {
    ...routing,
    id: 'no-websocket-route',
    automatic: 'no',
    title: 'No WebSocket route fits the path',
    vague: 'log',
    rules: { inside: judgeRoutes },
  },
  {
    ...routing,
    id: 'as-asgi-missing',
    noCommands: own.code,
    automatic: 'no',
    title: 'The route holds the consumer class itself, without as_asgi()',
    rules: { inside: judgeRoutes },
  },
  {
    ...routing,
    id: 'middleware-missing',
    noCommands: 'the fault is in the ASGI module: doctor --fix shows the edit, and makes it',
    automatic: 'ask',
    title: 'The consumer reads a scope key that no middleware sets',
    fix: wrapRoutes,
  },
  {
    ...routing,
    id: 'route-parameter-missing',
    noCommands: own.code,
    automatic: 'no',
    title: 'The consumer reads a parameter that its route does not have',
  },
] as const satisfies readonly Cause[]
