import type { Inspection } from '../facts/inspection.ts'
import { within } from '../host/race-stop.ts'
import { givenCredentials, madeCredentials, type Credentials } from '../look/identity.ts'
import type { RunningServer } from '../run/server.ts'
import type { Endpoint } from '../verify/endpoint.ts'
import type { Prepared } from './start-prepare.ts'

/** How long the project's own interpreter is waited for once the server listens, in milliseconds. */
const patienceMs = 10_000

/** Who the page is: what was given, else what the look has made; on another machine after a yes alone. */
export async function credentialsFor(
  prepared: Prepared,
  server: RunningServer,
  inspection: Inspection,
  { url }: Endpoint,
): Promise<Credentials> {
  const { host, config, signal } = prepared
  const given = await givenCredentials(host, config, url)
  if (given !== undefined) return given
  const [session, token] = [await inspection.get('session'), await inspection.get('token')]
  const place = session?.elsewhere ?? token?.elsewhere ?? undefined
  if (place === undefined || config.json || !host.terminal.interactive) return madeCredentials(inspection)
  await prepared.told?.()
  const who = session?.user ?? token?.user ?? 'the page'
  const question = `What identifies ${who} is kept on ${place}, which is another machine. Make it there, and take it back at the end?`
  const { ask } = await import('../host/ask.ts')
  if (!(await ask(host, question, { signal }))) return madeCredentials(inspection)
  return madeCredentials(impatient(await prepared.inspect(server, { anywhere: true })))
}

/** The same look, whose facts are waited for no longer than `patienceMs`: settings that hang hold nothing else up. */
export function impatient(inspection: Inspection): Inspection {
  return { ...inspection, get: (name) => within(patienceMs, inspection.get(name)) }
}
