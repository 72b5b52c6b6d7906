import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'
import { onPath } from './programs.ts'

/** Whether services of a compose file can be run here. */
export type Docker = { readonly state: 'ready'; readonly file: string } | { readonly state: 'absent' | 'no-compose' | 'no-engine' }

/** Asks docker, its compose and its engine. Never throws; each question has 5 s. */
export async function findDocker(host: Host): Promise<Docker> {
  const file = await onPath(host, 'docker')
  if (file === undefined) return { state: 'absent' }
  const compose = await runToEnd(file, ['compose', 'version'], { env: host.env, deadlineMs: 5000 })
  if (compose.exitCode !== 0) return { state: 'no-compose' }
  const engine = await runToEnd(file, ['info', '--format', '{{.ServerVersion}}'], { env: host.env, deadlineMs: 5000 })
  return engine.exitCode === 0 && engine.stdout.trim() !== '' ? { state: 'ready', file } : { state: 'no-engine' }
}

/** Why no service of the compose file can be run, in words. Pure. */
export function dockerWords(docker: Docker | undefined): string {
  if (docker?.state === 'absent') return 'docker is not in the PATH'
  return docker?.state === 'no-compose' ? 'docker has no compose' : "Docker's engine doesn't run"
}
