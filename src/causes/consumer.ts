import type { Cause } from './cause.ts'

/** What the consumer does with a socket. */
export const consumerCauses = [
  { id: 'consumer-exception', family: 'consumer', severity: 'error', automatic: 'no', title: 'The consumer raises an exception' },
  {
    id: 'accept-missing',
    family: 'consumer',
    severity: 'error',
    automatic: 'no',
    title: 'connect() ends without accepting or refusing the socket',
  },
  {
    id: 'connect-too-slow',
    family: 'consumer',
    severity: 'error',
    automatic: 'no',
    title: 'connect() takes longer than the server waits for it',
  },
  {
    id: 'sync-consumer-blocks',
    family: 'consumer',
    severity: 'error',
    automatic: 'no',
    title: 'A blocking call in an async consumer stops the whole server',
  },
  {
    id: 'client-sends-non-json',
    family: 'consumer',
    severity: 'error',
    automatic: 'no',
    title: "The page sends text that isn't JSON to a JSON consumer",
  },
  {
    id: 'ping-unanswered',
    family: 'consumer',
    severity: 'warning',
    automatic: 'no',
    title: 'The application never answers {"type":"ping"}',
  },
  { id: 'message-too-big', family: 'consumer', severity: 'error', automatic: 'ask', title: "A message is longer than the server's limit" },
  {
    id: 'subprotocol-mismatch',
    family: 'consumer',
    severity: 'error',
    automatic: 'no',
    title: "Page and consumer don't agree on a subprotocol",
  },
  {
    id: 'broadcast-handler-missing',
    family: 'consumer',
    severity: 'error',
    automatic: 'no',
    title: 'The consumer has no method for a message sent to its group',
  },
  {
    id: 'broadcast-not-serialisable',
    family: 'consumer',
    severity: 'error',
    automatic: 'no',
    title: "A broadcast holds something that can't be packed for Redis",
  },
  {
    id: 'group-name-mismatch',
    family: 'consumer',
    severity: 'error',
    automatic: 'no',
    title: 'Sender and consumer use different group names',
  },
  {
    id: 'group-name-invalid',
    family: 'consumer',
    severity: 'error',
    automatic: 'no',
    title: "A group's name has characters that Channels refuses",
  },
] as const satisfies readonly Cause[]
