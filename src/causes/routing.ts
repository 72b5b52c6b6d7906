import { judgeRoutes } from '../checks/application.ts'
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
] as const satisfies readonly Cause[]
