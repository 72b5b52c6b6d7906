import { recordOf } from '../host/json.ts'

/** What a client says first in a subprotocol, and how it knows the answer. */
export interface Opening {
  readonly message: Readonly<Record<string, unknown>>
  readonly isAnswer: (text: string) => boolean
}

/** Both of GraphQL begin alike; a server that isn't told so in time closes with 4408. */
const graphql: Opening = {
  message: { type: 'connection_init', payload: {} },
  isAnswer: (text) => recordOf(text)['type'] === 'connection_ack',
}

/**
 * By the name that server and client have agreed on. `graphql-transport-ws`:
 * https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md, `graphql-ws`:
 * https://github.com/apollographql/subscriptions-transport-ws/blob/master/PROTOCOL.md
 */
export const openings: ReadonlyMap<string, Opening> = new Map([
  ['graphql-transport-ws', graphql],
  ['graphql-ws', graphql],
])
