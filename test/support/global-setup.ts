import { execFileSync } from 'node:child_process'
import { clearTranscripts, leaks, transcriptCount } from './secrets.ts'
import { root, environments, prepareEnvironment, redisServer, chromium, nginx, prepareDownloader, type EnvironmentName } from './tools.ts'

async function prepareEnvironments(names: readonly EnvironmentName[]): Promise<void> {
  for (const name of names) await prepareEnvironment(name)
}

async function prepareServers(): Promise<void> {
  for (const version of ['system', '3.2', '5.0', '8'] as const) await redisServer(version)
  await chromium()
}

/** Makes what the tests run against, before the first of them starts; a second run finds all of it there. */
export default async function setup(): Promise<() => void> {
  clearTranscripts()
  execFileSync(process.execPath, ['.ci/prepare.js'], { cwd: root, stdio: 'inherit' })
  const usual: EnvironmentName[] = ['main', 'uvicorn', 'uvicornPlain', 'hypercorn', 'django', 'redisPy5']
  // what only the faults are produced with; the slow suite runs `start` on all of them
  const faults = process.env['TEST_FAULTS'] === 'all' || process.env['TEST_SLOW'] === 'all'
  const names: EnvironmentName[] = faults ? [...usual, 'gunicorn', 'postgres'] : usual
  const known = Object.keys(environments)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new Error(`no such environment: ${unknown}`)
  await prepareDownloader()
  await Promise.all([prepareEnvironments(names), prepareServers()])
  if (faults) await nginx()
  return () => {
    // the last check of every run: what was printed by all of its commands
    const found = leaks()
    if (found.length > 0) throw new Error(`A secret was printed, by:\n${found.join('\n')}`)
    if (transcriptCount() > 0) process.stdout.write(`No secret in the output of the commands (${transcriptCount()} transcripts).\n`)
  }
}
