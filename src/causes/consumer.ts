import { judgeBroadcasts } from '../checks/broadcast.ts'
import { judgePing, judgePlayed } from '../checks/consumer.ts'
import { judgeMessageSize, withMessageSize } from '../checks/server-process.ts'
import { startAnew } from '../fix/planners/serving.ts'
import type { Cause } from './cause.ts'

const consumer = { family: 'consumer', severity: 'error' } as const

/** What the consumer does with a socket. */
export const consumerCauses = [
  {
    ...consumer,
    id: 'consumer-exception',
    automatic: 'no',
    title: 'The consumer raises an exception',
    vague: 'log',
    rules: { inside: judgePlayed },
  },
  {
    ...consumer,
    id: 'accept-missing',
    automatic: 'no',
    title: 'connect() ends without accepting or refusing the socket',
    vague: 'log',
    strange: true,
    rules: { inside: judgePlayed },
  },
  {
    ...consumer,
    id: 'connect-too-slow',
    automatic: 'no',
    title: 'connect() takes longer than the server waits for it',
    rules: { inside: judgePlayed },
  },
  {
    ...consumer,
    id: 'sync-consumer-blocks',
    automatic: 'no',
    title: 'A blocking call in an async consumer stops the whole server',
    vague: 'inside',
    strange: true,
    rules: { inside: judgePlayed },
  },
  { ...consumer, id: 'client-sends-non-json', automatic: 'no', title: "The page sends text that isn't JSON to a JSON consumer" },
  {
    ...consumer,
    id: 'ping-unanswered',
    severity: 'warning',
    automatic: 'no',
    title: 'The application never answers {"type":"ping"}',
    rules: { note: judgePing },
  },
  {
    ...consumer,
    id: 'message-too-big',
    automatic: 'ask',
    title: "A message is longer than the server's limit",
    rules: { note: judgeMessageSize },
    nearer: withMessageSize,
    fix: startAnew,
  },
  {
    ...consumer,
    id: 'subprotocol-mismatch',
    automatic: 'no',
    title: "Page and consumer don't agree on a subprotocol",
    vague: 'process',
    rules: { inside: judgePlayed },
  },
  {
    ...consumer,
    id: 'broadcast-handler-missing',
    automatic: 'no',
    title: 'The consumer has no method for a message sent to its group',
    rules: { sent: judgeBroadcasts },
  },
  { ...consumer, id: 'broadcast-not-serialisable', automatic: 'no', title: "A broadcast holds something that can't be packed for Redis" },
  {
    ...consumer,
    id: 'group-name-mismatch',
    automatic: 'no',
    title: 'Sender and consumer use different group names',
    rules: { sent: judgeBroadcasts },
  },
  {
    ...consumer,
    id: 'group-name-invalid',
    automatic: 'no',
    title: "A group's name has characters that Channels refuses",
    rules: { sent: judgeBroadcasts },
  },
] as const satisfies readonly Cause[]
