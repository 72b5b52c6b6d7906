import { spawn } from 'node:child_process'
import * as v from 'valibot'
import { orderVariable } from './background-order.ts'
import { parseAs } from './json-shape.ts'

const orderSchema = v.object({ id: v.pipe(v.string(), v.regex(/^[\w-]+$/)), color: v.boolean(), columns: v.number() })

/** What a launcher in the background is started with. */
export type BackgroundOrder = v.InferOutput<typeof orderSchema>

/** What it says to the one that has started it, until it is ready. */
const messageSchema = v.variant('kind', [
  v.object({ kind: v.literal('out'), line: v.string() }),
  v.object({ kind: v.literal('err'), line: v.string() }),
  v.object({ kind: v.literal('json'), text: v.string() }),
  v.object({ kind: v.literal('ready'), proven: v.boolean() }),
  v.object({ kind: v.literal('end'), status: v.number() }),
])

export type BackgroundMessage = v.InferOutput<typeof messageSchema>

/** A launcher in the background, as its starter sees it. */
export interface BackgroundLauncher {
  readonly pid: number | undefined
  /** Resolves with its exit status, null after a signal. */
  readonly exited: Promise<number | null>
  /** Asks it to end; the second time at once. */
  readonly stop: () => void
  readonly kill: () => void
  /** Lets it go on alone. */
  readonly release: () => void
}

/**
 * Starts this very command line once more, in a session of its own (on Windows
 * without a console), so that neither the end of the terminal nor ours reaches
 * it. Its output goes to `descriptor`; what it says comes as messages. Nothing
 * is added to the command line: a secret of the environment stays there.
 */
export function launchBackground(
  order: BackgroundOrder,
  descriptor: number,
  onMessage: (message: BackgroundMessage) => void,
): BackgroundLauncher {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    windowsHide: true,
    stdio: ['ignore', descriptor, descriptor, 'ipc'],
    env: { ...process.env, [orderVariable]: JSON.stringify(order) },
  })
  child.on('message', (message) => {
    const result = v.safeParse(messageSchema, message)
    if (result.success) onMessage(result.output)
  })
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null))
    // 'close' comes after the last message
    child.once('close', (status) => resolve(status))
  })
  return {
    pid: child.pid,
    exited,
    stop: () => {
      if (child.connected) child.send({ kind: 'stop' }, () => {})
    },
    kill: () => {
      if (child.pid !== undefined) child.kill('SIGKILL')
    },
    release: () => {
      if (child.connected) child.disconnect()
      child.unref()
    },
  }
}

/** The order that this launcher was started with, if it was started in the background; to be asked once. */
export function takeBackgroundOrder(): BackgroundOrder | undefined {
  const text = process.env[orderVariable]
  delete process.env[orderVariable]
  return text === undefined || process.send === undefined ? undefined : parseAs(orderSchema, text)
}

/**
 * The other end of `launchBackground`: gives the function that says something to
 * the starter. It does nothing once `ready` was said or the starter is gone. A
 * request to stop becomes a SIGTERM of our own, which Windows can't send.
 */
export function answerStarter(): (message: BackgroundMessage) => void {
  let over = false
  process.on('message', (message) => {
    if (typeof message !== 'object' || message === null || !('kind' in message) || message.kind !== 'stop') return
    // before the start listens there is nothing to be put in order
    if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM', 'SIGTERM')
    else process.kill(process.pid, 'SIGTERM')
  })
  process.once('disconnect', () => {
    over = true
  })
  // it must not keep us up
  process.channel?.unref()
  return (message) => {
    if (over || !process.connected || process.send === undefined) return
    if (message.kind === 'ready') over = true
    process.send(message, undefined, {}, () => {})
  }
}
