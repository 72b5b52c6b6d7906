import { isFree, probePort } from './port.ts'

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
