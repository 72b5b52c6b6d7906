import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { reportersOf } from '../../src/commands/smoke-reporters.ts'
import { placeOf, smokeGithub, smokeSummary, type Checkout } from '../../src/report/smoke-github.ts'
import { smokeJson } from '../../src/report/smoke-json.ts'
import { smokeJunit } from '../../src/report/smoke-junit.ts'
import type { SmokeResult, SmokeStep } from '../../src/report/smoke-result.ts'
import { smokeText } from '../../src/report/smoke-text.ts'
import { styleFor } from '../../src/report/style.ts'
import { checkJunit } from '../support/junit.ts'
import { testHost } from '../support/host.ts'
import { junitChecker, root } from '../support/tools.ts'

vi.setConfig({ hookTimeout: 180_000 })

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'election-report-'))
  await junitChecker()
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const step = (more: Partial<SmokeStep> = {}): SmokeStep => ({
  name: 'handshake',
  state: 'passed',
  ms: 4.25,
  evidence: ['101   Origin http://localhost:3000, no token'],
  diagnosis: undefined,
  ...more,
})

const failing = (evidence: readonly string[]): SmokeStep =>
  step({
    state: 'failed',
    diagnosis: {
      id: 'consumer-exception',
      title: 'The consumer raises an exception before it accepts',
      evidence,
      remedy: { text: 'Correct the consumer.', commands: [['python', 'manage.py', 'it isn’t']], automatic: 'no' },
    },
  })

const result = (more: Partial<SmokeResult> = {}): SmokeResult => ({
  state: 'passed',
  exitCode: 0,
  startedAt: '2026-11-23T09:29:29.196Z',
  elapsedMs: 3190.4,
  timeoutMs: 120_000,
  interruption: undefined,
  versions: { node: '20.20.2' },
  urls: { backend: 'http://127.0.0.1:8000/', websocket: 'ws://127.0.0.1:8000/ws/', origin: undefined, page: undefined },
  steps: [step()],
  command: undefined,
  warnings: [],
  phases: [{ text: 'starting daphne', ms: 812.3 }],
  log: [],
  ...more,
})

const failed = (evidence: readonly string[], more: Partial<SmokeResult> = {}): SmokeResult =>
  result({ state: 'failed', exitCode: 1, steps: [failing(evidence)], ...more })

const interrupted = result({
  state: 'interrupted',
  exitCode: 130,
  interruption: { reason: 'SIGINT', during: 'starting daphne', afterMs: 812 },
  steps: [step({ name: 'server', state: 'failed', ms: undefined, evidence: ['interrupted (SIGINT) while: starting daphne'] })],
})

/** What a log may hold: colours, tags, the end of a CDATA section, half a character, characters that XML has no place for. */
const hostile = `\u001B[31m<b a="1">&amp; ]]> \u0000\u0008\uFFFE \uD800 %0A ::error::x\r\nend\ttab "quoted" 'single' \u{1F5F3}`

describe('JUnit', () => {
  test.each([
    ['healthy', result()],
    ['failed', failed(['It raised'])],
    ['skipped', result({ steps: [step({ name: 'ping', state: 'skipped', ms: undefined, evidence: [hostile] })] })],
    ['hostile', failed([hostile], { log: [hostile], versions: { [hostile]: hostile } })],
    ['interrupted', interrupted],
    ['with no step at all', result({ steps: [] })],
    ['a run of many minutes', result({ elapsedMs: 3_599_999.9 })],
  ])('is valid: %s', async (name, of) => {
    const file = join(folder, `${name}.xml`)
    await writeFile(file, smokeJunit(of))
    await checkJunit(file)
  })

  test('the check refuses what is no JUnit document', async () => {
    const file = join(folder, 'wrong.xml')
    await writeFile(file, smokeJunit(result()).replace('<testcase name=', '<testcase title='))
    await expect(checkJunit(file)).rejects.toThrow('title')
  })

  test('keeps the text that XML can hold', () => {
    const xml = smokeJunit(failed([hostile]))
    expect(xml).toContain('[31m&lt;b a="1"&gt;&amp;amp; ]]&gt;')
    expect(xml).toContain('\u{1F5F3}')
    expect(xml).not.toContain('\u0000')
  })

  test('counts', () => {
    const xml = smokeJunit(failed(['It raised'], { steps: [step(), failing(['It raised']), step({ name: 'hold', state: 'skipped' })] }))
    expect(xml).toContain('<testsuites name="election-dev smoke" tests="3" failures="1" errors="0"')
    expect(xml).toContain('skipped="1"')
  })
})

describe('GitHub', () => {
  const there = new Set(['/repo/backend/updates/consumers.py', '/repo/site/core/asgi.py', '/elsewhere/x.py'])
  const checkout: Checkout = {
    root: '/repo',
    bases: ['/repo/backend', '/repo/site', '/repo'],
    platform: 'linux',
    isFile: (file) => there.has(file),
  }

  test('escapes as the runner unescapes', () => {
    const [line] = smokeGithub(failed(['100%, 5:1\nnext\rlast']), checkout)
    expect(line).toBe(
      '::error title=election-dev smoke%3A consumer-exception::The consumer raises an exception before it accepts%0A101   Origin http://localhost:3000, no token%0A100%25, 5:1%0Anext%0Dlast%0ACorrect the consumer.',
    )
    expect(smokeGithub(result({ warnings: [{ id: 'a,b:c', text: 'x' }] }), checkout)[0]).toBe(
      '::warning title=election-dev%3A a%2Cb%3Ac::x',
    )
  })

  test.each([
    ['a notice where all is well', result(), '::notice title=election-dev smoke::the WebSocket is proven (3.2 s)'],
    [
      'an error where it was interrupted',
      interrupted,
      '::error title=election-dev smoke%3A the server starts::interrupted (SIGINT) while: starting daphne',
    ],
  ])('%s', (_, of, begin) => {
    expect(smokeGithub(of, checkout).at(-1)).toMatch(new RegExp(`^${begin.replace(/[()]/g, String.raw`\$&`)}`))
  })

  test.each([
    [
      'a frame relative to the backend',
      'File "updates/consumers.py", line 6, in connect',
      { file: 'backend/updates/consumers.py', line: 6 },
    ],
    ['a frame with its whole path', 'File "/repo/site/core/asgi.py", line 31', { file: 'site/core/asgi.py', line: 31 }],
    [
      'a place behind a sentence',
      'Updates closed with 4001 at updates/consumers.py:13 (403)',
      { file: 'backend/updates/consumers.py', line: 13 },
    ],
    ['a place in parentheses', 'ValueError (core/asgi.py:12)', { file: 'site/core/asgi.py', line: 12 }],
    ['a file outside of the checkout', 'File "/elsewhere/x.py", line 1', undefined],
    ['a file that is not there', 'File "updates/gone.py", line 1', undefined],
    ['an address', 'Redis at 127.0.0.1:6379 refuses', undefined],
  ])('%s', (_, evidence, place) => {
    expect(placeOf(failing([evidence]), checkout)).toEqual(place)
  })

  test('names files with forward slashes on Windows', () => {
    const windows: Checkout = {
      ...checkout,
      root: String.raw`C:\repo`,
      bases: [String.raw`C:\repo\backend`],
      platform: 'win32',
      isFile: () => true,
    }
    expect(placeOf(failing([String.raw`File "updates\consumers.py", line 6`]), windows)).toEqual({
      file: 'backend/updates/consumers.py',
      line: 6,
    })
    expect(placeOf(failing([String.raw`File "D:\x.py", line 6`]), windows)).toBeUndefined()
  })

  test('the summary of the job takes no markup from the evidence', () => {
    const summary = smokeSummary(failed(['| <img> `x` |'], { log: ['```', '<b>'] }))
    expect(summary).toContain(String.raw`- \| \<img\> \`x\` \|`)
    // a fence that is longer than the log's own
    expect(summary).toContain('````\n```\n<b>\n````')
  })
})

describe('JSON', () => {
  const validate = new Ajv2020({ strict: true, strictTypes: false }).compile(
    JSON.parse(readFileSync(join(root, 'dist/smoke.schema.json'), 'utf8')),
  )
  test.each([
    ['healthy', result()],
    ['failed', failed(['It raised'], { command: { words: ['npm', 'test'], ran: false, exitCode: undefined, signal: undefined } })],
    ['interrupted', interrupted],
  ])('fits its schema: %s', (_, of) => {
    const document: unknown = JSON.parse(JSON.stringify(smokeJson(of)))
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
  })

  test('the schema takes nothing that it does not name', () => {
    expect(validate({ ...smokeJson(result()), more: 1 })).toBe(false)
  })
})

test('text says what took how long where it was interrupted', () => {
  const lines = smokeText(interrupted, styleFor(testHost('/tmp')), 100).join('\n')
  expect(lines).toContain('812 ms   starting daphne')
  expect(lines).toContain('✖ interrupted (SIGINT) while: starting daphne   3.2 s · exit 130')
})

describe('reporters', () => {
  test.each([
    ['text by itself', [], false, {}, ['text']],
    ['text and github in GitHub Actions', [], false, { GITHUB_ACTIONS: 'true' }, ['text', 'github']],
    ['only what is asked for there', ['junit=x.xml'], false, { GITHUB_ACTIONS: 'true' }, ['junit=x.xml']],
    ['--json beside a file', ['junit=a=b.xml'], true, {}, ['junit=a=b.xml', 'json']],
    ['text and github share standard output', ['github', 'text'], false, {}, ['github', 'text']],
  ])('%s', (_, wanted, json, env, expected) => {
    expect(reportersOf(wanted, json, env).map(({ kind, file }) => (file === undefined ? kind : `${kind}=${file}`))).toEqual(expected)
  })

  test.each([[['json', 'github']], [['text', 'text']], [['junit', 'text']]])('%s would be mixed', (wanted) => {
    expect(() => reportersOf(wanted, false, {})).toThrow('mixed')
  })
})
