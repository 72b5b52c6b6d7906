/** `election-dev verify` on the built command line, and what its JSON says. */
import { tmpdir } from 'node:os'
import { expect } from 'vitest'
import { runCli, type CliResult } from './cli.ts'

/** How long the whole command may take at most: lookup, TCP, GET, handshake, experiments, and a machine that is busy. */
const boundMs = 25_000

export interface Verdict extends CliResult {
  readonly elapsedMs: number
  readonly json: VerifyDocument
}

interface VerifyDocument {
  readonly ok: boolean
  readonly state: string
  readonly url: string
  readonly notes: readonly string[]
  readonly steps: { readonly session: { readonly heldMs: number; readonly pongMs: number | null } | null }
  readonly diagnosis: {
    readonly id: string
    readonly title: string
    readonly evidence: readonly string[]
    readonly remedy: { readonly text: string }
  } | null
}

/** Runs `verify URL --json` and checks what holds for every one of its answers. */
export async function verify(
  url: string,
  options: { args?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<Verdict> {
  const started = performance.now()
  const result = await runCli(['verify', url, '--json', ...(options.args ?? [])], { cwd: tmpdir(), env: options.env ?? {} })
  const elapsedMs = performance.now() - started
  expect(elapsedMs).toBeLessThan(boundMs)
  const json: VerifyDocument = JSON.parse(result.stdout)
  expect(result.stdout.trim().split('\n')).toHaveLength(1)
  expect(result.stderr).toBe('')
  expect(result.status).toBe(json.state === 'proven' ? 0 : 1)
  expect(json.ok).toBe(json.state === 'proven')
  expect(json.diagnosis === null).toBe(json.ok)
  if (json.diagnosis !== null) {
    expect(json.diagnosis.evidence.join('')).not.toBe('')
    expect(json.diagnosis.remedy.text).not.toBe('')
  }
  return { ...result, elapsedMs, json }
}
