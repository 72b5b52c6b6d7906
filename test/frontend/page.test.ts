/** A checkout of the seed's layout, from the backend to two windows of a real browser. */
import { createServer } from 'node:http'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import { installerEnvironment } from '../support/fresh-project.ts'
import { listening } from '../support/node-servers.ts'
import { freePort, until } from '../support/redis.ts'
import { chromium, prepareEnvironment } from '../support/tools.ts'
import { votesConsumer, writeViteFrontend } from '../support/vite-frontend.ts'

const executablePath = await chromium()
const { keep, project } = ending()

/** `start` on a checkout of both halves, whose files name the port `wanted`; gives where page and backend really are. */
async function bothHalves(
  wanted: number,
  more: { args?: readonly string[]; clean?: boolean } = {},
): Promise<{ page: string; port: number }> {
  const clean = more.clean === true
  const made = await project({
    consumer: votesConsumer,
    ...(clean
      ? { style: 'plain', environment: undefined, files: { 'backend/requirements.txt': 'Django>=4.2,<6\nchannels~=4.2\ndaphne~=4.1\n' } }
      : {}),
  })
  // the seed names port 8000, which is no test's to have
  const socket = `\`\${import.meta.env.VITE_WS_URL ?? 'ws://localhost:${wanted}'}/ws/election-updates/?token=\${token}\``
  await writeViteFrontend(made, { socket, port: await freePort('127.0.0.1'), installed: !clean })
  const env = clean ? installerEnvironment(true) : {}
  const cli = startCli(['start', '--json', '--port', String(wanted), ...(more.args ?? [])], { cwd: made.root, env })
  keep({ stop: () => cli.end('SIGINT') })
  const [, address = ''] = await cli.waitFor(/"event":"ready".*?"url":"ws:\/\/127\.0\.0\.1:(\d+)\/[^"]*","state":"connected"/)
  const [, page = ''] = await cli.waitFor(/"(?:url|frontend)":\{?"?(?:url":")?(http:\/\/localhost:\d+\/)","state":"ready","text":"page 200/)
  return { page, port: Number(address) }
}

const votes = async (window: Page) => Number(await window.innerText('#votes'))

describe.skipIf(executablePath === undefined)('two windows', () => {
  let browser: Browser

  beforeAll(async () => {
    if (executablePath === undefined) return
    await prepareEnvironment('uv')
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

  test('from a clean checkout, with --install', { tags: ['slow'], timeout: 180_000 }, async () => {
    const { page } = await bothHalves(await freePort('127.0.0.1'), { args: ['--install'], clean: true })
    await expectVotesToCross(page)
  })

  test('the same with the wanted port held: the page is told the new one', { tags: ['slow'] }, async () => {
    const wanted = await listening(
      keep,
      createServer((_, response) => response.end('held')),
    )
    const { page, port } = await bothHalves(wanted)
    expect(port).toBeGreaterThan(wanted)
    await expectVotesToCross(page)
  })
})
