import { devTools } from '../dev-tools/known.ts'

/** What is known of a socket. */
export interface SocketSigns {
  readonly path: string
  readonly subprotocols: readonly string[]
  readonly firstMessage: string | undefined
}

/** The tool whose own channel a socket is; undefined where it is the page's. Pure. */
export function devSocketOf({ path, subprotocols, firstMessage }: SocketSigns): string | undefined {
  return devTools.find(
    ({ channel }) =>
      channel !== undefined &&
      (channel.subprotocol === undefined || subprotocols.some((name) => channel.subprotocol?.test(name))) &&
      (channel.path === undefined || channel.path.test(path)) &&
      (channel.says === undefined || channel.says.test(firstMessage ?? '')),
  )?.title
}
