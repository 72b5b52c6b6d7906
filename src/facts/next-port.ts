import { isFree, probePort } from './port.ts'

/** The port of this machine's own address that is wanted, or any that is free. Throws what `held` says of one that is held. */
export async function localPort(wanted: 'any' | number, held: (port: number) => Error | Promise<Error>): Promise<number> {
  if (wanted === 'any') {
    const { default: getPort } = await import('get-port')
    return getPort({ host: '127.0.0.1' })
  }
  if (isFree(await probePort(wanted, '127.0.0.1'))) return wanted
  throw await held(wanted)
}

/** How far above the wanted port the next free one is looked for. */
const span = 200

/**
 * The next port above `after` that is free on every address that matters, or
 * undefined where there is none within reach. get-port offers the candidates;
 * the four addresses are ours to check.
 */
export async function nextFreePort(after: number, host: string): Promise<number | undefined> {
  const { default: getPort, portNumbers } = await import('get-port')
  const last = Math.min(after + span, 65_535)
  let from = after + 1
  while (from <= last) {
    const candidate = await getPort({ port: portNumbers(from, last) })
    // beyond the range get-port falls back to any free port: far from what the user asked for
    if (candidate < from || candidate > last) return undefined
    if (isFree(await probePort(candidate, host))) return candidate
    from = candidate + 1
  }
  return undefined
}
