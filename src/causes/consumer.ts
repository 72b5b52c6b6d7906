import { judgeBroadcasts } from '../checks/broadcast.ts'
import { judgeBusy, judgePing, judgePlayed, judgeStuck } from '../checks/consumer.ts'
import { judgeMessageSize, withMessageSize } from '../checks/server-process.ts'
import { startAnew } from '../fix/planners/serving.ts'
import { own, type Cause } from './cause.ts'

const consumer = { family: 'consumer', severity: 'error', automatic: 'no' } as const
const played = { ...consumer, rules: { inside: judgePlayed } } as const
const broadcast = { ...consumer, rules: { sent: judgeBroadcasts } } as const

/** What the consumer does with a socket. */
export const consumerCauses = [
  {
    ...played,
    id: 'consumer-exception',
    noCommands: own.code,
    title: 'The consumer raises an exception',
    vague: 'log',
  },
  {
    ...played,
    id: 'accept-missing',
    noCommands: own.code,
    title: 'connect() ends without accepting or refusing the socket',
    vague: 'log',
    strange: true,
    nearer: judgeBusy,
  },
  {
    ...played,
    id: 'connect-too-slow',
    noCommands: own.code,
    title: 'connect() takes longer than the server waits for it',
  },
  {
    ...consumer,
    id: 'connect-never-returns',
    noCommands: own.code,
    title: 'connect() accepts and never returns: nothing is received',
    rules: { inside: judgeStuck, working: judgeStuck },
  },
  {
    ...played,
    id: 'sync-consumer-blocks',
    noCommands: own.code,
    rules: { inside: judgePlayed, working: judgeStuck },
    title: 'A blocking call in a consumer stops the server or other sockets',
    vague: 'inside',
    strange: true,
  },
  {
    ...consumer,
    id: 'client-sends-non-json',
    noCommands: "what is sent is the page's own",
    title: "The page sends text that isn't JSON to a JSON consumer",
  },
  {
    ...consumer,
    id: 'ping-unanswered',
    noCommands: own.code,
    severity: 'warning',
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
    ...played,
    id: 'subprotocol-mismatch',
    noCommands: own.code,
    title: "Page and consumer don't agree on a subprotocol",
    vague: 'process',
  },
  {
    ...broadcast,
    id: 'broadcast-handler-missing',
    noCommands: own.code,
    title: 'The consumer has no method for a message sent to its group',
  },
  {
    ...consumer,
    id: 'broadcast-not-serialisable',
    noCommands: own.code,
    title: "A broadcast holds something that can't be packed for Redis",
  },
  {
    ...broadcast,
    id: 'group-name-mismatch',
    noCommands: own.code,
    title: 'Sender and consumer use different group names',
  },
  {
    ...broadcast,
    id: 'group-name-invalid',
    noCommands: own.code,
    title: "A group's name has characters that Channels refuses",
  },
] as const satisfies readonly Cause[]
