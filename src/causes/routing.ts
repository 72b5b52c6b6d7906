import type { Cause } from './cause.ts'

/** The WebSocket routes. */
export const routingCauses = [
  { id: 'no-websocket-route', family: 'routing', severity: 'error', automatic: 'no', title: 'No WebSocket route fits the path' },
  {
    id: 'as-asgi-missing',
    family: 'routing',
    severity: 'error',
    automatic: 'no',
    title: 'The route holds the consumer class itself, without as_asgi()',
  },
] as const satisfies readonly Cause[]
