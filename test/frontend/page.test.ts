/** A checkout of the seed's layout, from the backend to two windows of a real browser. */
import { createServer } from 'node:http'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchServer } from '../../src/run/server.ts'
import { proveFrontend } from '../../src/verify/frontend.ts'
import { startCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import { listening } from '../support/node-servers.ts'
import { testHost } from '../support/processes.ts'
import { freePort, until } from '../support/redis.ts'
import { chromium } from '../support/tools.ts'
import { planOf, votesConsumer, writeViteFrontend } from '../support/vite-frontend.ts'

const executablePath = await chromium()
const { keep, project } = ending()

/** Starts both halves; gives the page's URL. `wanted`: the port that the project's files name. */
async function bothHalves(wanted: number): Promise<{ page: string; port: number }> {
  const made = await project({ consumer: votesConsumer })
  // the seed names port 8000, which is no test's to have
  const socket = `\`\${import.meta.env.VITE_WS_URL ?? 'ws://localhost:${wanted}'}/ws/election-updates/?token=\${token}\``
  await writeViteFrontend(made, { socket, port: await freePort('127.0.0.1') })
  const port = await freePort('127.0.0.1')
  const origin = `http://localhost:${port}`
  const cli = startCli(['start', '--no-frontend', '--json', '--port', String(wanted), '--origin', origin], { cwd: made.root })
  keep({ stop: () => cli.end('SIGINT') })
  const [, address = ''] = await cli.waitFor(/"event":"ready".*?"url":"ws:\/\/127\.0\.0\.1:(\d+)\/[^"]*","state":"connected"/)
  const backend = { host: '127.0.0.1', port: Number(address), wantedPort: wanted, path: '/ws/election-updates/' }
  const plan = await planOf(made, backend, port)
  if (plan.kind !== 'run') throw new Error(plan.kind)
  const { file, args, cwd, env } = plan.service
  const running = launchServer(testHost, { file, args, cwd, env }, () => {})
  keep({ stop: () => running.stop(3000) })
  const proof = await proveFrontend(testHost, {
    page: new URL(plan.page),
    pid: running.pid,
    socket: undefined,
    direct: undefined,
    wiring: undefined,
    deadlineMs: 15_000,
    holdMs: 0,
  })
  expect(proof.state).toBe('proven')
  return { page: plan.page, port: backend.port }
}

const votes = async (window: Page) => Number(await window.innerText('#votes'))

describe.skipIf(executablePath === undefined)('two windows', () => {
  let browser: Browser

  beforeAll(async () => {
    if (executablePath === undefined) return
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update']
    browser = await playwright.launch({ executablePath, args })
  })

  afterAll(() => browser?.close())

  /** A window of its own, with its own session, as a second person's would be. */
  async function open(url: string): Promise<Page> {
    const context = await browser.newContext()
    keep({ stop: () => context.close() })
    const page = await context.newPage()
    await page.goto(url)
    return page
  }

  async function expectVotesToCross(page: string): Promise<void> {
    const [one, two] = await Promise.all([open(page), open(page)])
    for (const window of [one, two]) {
      await window.waitForSelector('#dot[data-state="connected"]', { timeout: 15_000 })
      expect(await window.evaluate<unknown>('getComputedStyle(document.querySelector("#dot")).backgroundColor')).toBe('rgb(0, 128, 0)')
    }
    await one.click('#vote')
    await until(async () => (await votes(two)) === 1)
    await two.click('#vote')
    await until(async () => (await votes(one)) === 2)
  }

  test('a vote in one is seen in the other', async () => {
    const wanted = await freePort('127.0.0.1')
    const { page, port } = await bothHalves(wanted)
    expect(port).toBe(wanted)
    await expectVotesToCross(page)
  })

  test('the same with the wanted port held: the page is told the new one', async () => {
    const wanted = await listening(
      keep,
      createServer((_, response) => response.end('held')),
    )
    const { page, port } = await bothHalves(wanted)
    expect(port).toBeGreaterThan(wanted)
    await expectVotesToCross(page)
  })
})
