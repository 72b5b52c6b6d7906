import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chromium } from '../support/tools.ts'
import { type Demo, type Server, makeDemo, until } from './demo.ts'

const executablePath = await chromium()
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** What the windows of one test said and asked for. */
interface Heard {
  readonly console: string[]
  readonly errors: string[]
  readonly urls: string[]
}

/** Waits for the status and returns what it says. */
async function state(page: Page, name: string): Promise<string> {
  const text = await page.locator(`#status[data-state="${name}"]`).innerText({ timeout: 15_000 })
  return text.trim()
}

async function signIn(page: Page): Promise<void> {
  await page.click('#login-form button')
  await state(page, 'connected')
}

function votes(page: Page, id: number): Promise<number> {
  return page.locator(`[data-candidate="${id}"] .votes`).innerText().then(Number)
}

async function share(page: Page, id: number): Promise<number> {
  const style = await page.getAttribute(`[data-candidate="${id}"]`, 'style')
  return Number(/--share: ([\d.]+)/.exec(style ?? '')?.[1])
}

async function token(page: Page): Promise<string> {
  const kept = await page.evaluate<unknown>('sessionStorage.getItem("election-token")')
  if (typeof kept !== 'string') throw new Error('the page keeps no token')
  return kept
}

describe.skipIf(executablePath === undefined)('the page', () => {
  let browser: Browser
  let heard: Heard

  beforeAll(async () => {
    if (executablePath !== undefined) browser = await playwright.launch({ executablePath, args })
  })

  beforeEach(() => {
    heard = { console: [], errors: [], urls: [] }
  })

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()))
    expect(heard.errors).toEqual([])
  })

  afterAll(() => browser?.close())

  /** A window of its own, with its own session, as a second person's would be. */
  async function open(demo: Demo): Promise<Page> {
    const context = await browser.newContext()
    const page = await context.newPage()
    page.on('console', (message) => heard.console.push(message.text()))
    page.on('pageerror', (error) => heard.errors.push(error.message))
    page.on('request', (request) => heard.urls.push(request.url()))
    await page.goto(`${demo.http}/`)
    return page
  }

  describe('behind daphne', () => works('daphne'))
  describe('behind uvicorn', { tags: ['slow'] }, () => works('uvicorn'))

  function works(server: Server): void {
    let demo: Demo

    beforeAll(async () => {
      demo = await makeDemo(server)
      await demo.start()
    })

    afterAll(() => demo?.remove())

    it('moves in both windows when one votes', async () => {
      const [one, two] = await Promise.all([open(demo), open(demo)])
      expect(await state(one, 'signed-out')).toBe('signed out')
      expect(await one.isDisabled('button[data-vote="1"]')).toBe(true)
      await Promise.all([signIn(one), signIn(two)])
      expect(await state(two, 'connected')).toBe('connected')

      const before = await votes(two, 1)
      await one.click('button[data-vote="1"]')
      await until(async () => (await votes(two, 1)) === before + 1)
      await until(async () => (await votes(one, 1)) === before + 1)

      const third = await votes(one, 3)
      await two.click('button[data-vote="3"]')
      await two.click('button[data-vote="3"]')
      for (const page of [one, two]) {
        await until(async () => (await votes(page, 3)) === third + 2)
        const total = Number(await page.innerText('#total'))
        expect(await share(page, 3)).toBeCloseTo((third + 2) / total)
        expect(await share(page, 1)).toBeCloseTo((before + 1) / total)
      }
    })

    it('needs nothing from elsewhere and tells the token to nobody', { tags: ['slow'] }, async () => {
      const page = await open(demo)
      await signIn(page)
      const secret = await token(page)
      expect(page.url()).toBe(`${demo.http}/`)
      expect(heard.urls.filter((url) => !url.startsWith(demo.http) && !url.startsWith('data:'))).toEqual([])
      expect(heard.console).toEqual([])

      await demo.stop()
      await page.getByText('The server does not answer.', { exact: true }).waitFor()
      await demo.start()
      await state(page, 'connected')
      expect(heard.console).not.toEqual([])
      expect(heard.urls.some((url) => url.includes(secret))).toBe(false)
      expect(heard.console.some((text) => text.includes(secret))).toBe(false)
    })

    it('says that the password is wrong', { tags: ['slow'] }, async () => {
      const page = await open(demo)
      await page.fill('#password', 'not the password')
      await page.click('#login-form button')
      await page.getByText('Wrong username or password.').waitFor()
      expect(await state(page, 'signed-out')).toBe('signed out')
      await page.fill('#password', demo.password)
      await signIn(page)
      expect(await page.isVisible('#login-form')).toBe(false)
    })

    it('signs in, votes and signs out by the keyboard alone', async () => {
      const page = await open(demo)
      await page.focus('#username')
      await page.keyboard.press('Enter')
      await state(page, 'connected')
      const before = await votes(page, 2)
      await page.focus('button[data-vote="2"]')
      await page.keyboard.press('Space')
      await until(async () => (await votes(page, 2)) === before + 1)
      await page.focus('#sign-out')
      await page.keyboard.press('Enter')
      await state(page, 'signed-out')
      expect(await page.evaluate<unknown>('document.activeElement.id')).toBe('username')
      expect(await page.evaluate<unknown>('sessionStorage.length')).toBe(0)
    })

    it('stays signed in over a reload', { tags: ['slow'] }, async () => {
      const page = await open(demo)
      await signIn(page)
      await page.reload()
      await state(page, 'connected')
      expect(await page.isEnabled('button[data-vote="1"]')).toBe(true)
    })

    it('says that the server is gone, and comes back with it', async () => {
      const page = await open(demo)
      await signIn(page)
      await demo.stop()
      expect(await state(page, 'disconnected')).toMatch(/^disconnected — reconnecting in \d s$/)
      expect(await page.innerText('#announcement')).toMatch(/^disconnected: /)
      await page.getByText('The server does not answer.', { exact: true }).waitFor()
      await page.click('button[data-vote="1"]')
      await page.getByText('Your vote did not arrive').waitFor()

      await demo.start()
      await state(page, 'connected')
      expect(await page.isVisible('#trouble')).toBe(false)
      const before = await votes(page, 1)
      await page.click('button[data-vote="1"]')
      await until(async () => (await votes(page, 1)) === before + 1)
      expect(await page.isVisible('#notice')).toBe(false)
    })

    it('asks for a new sign-in when the token is worth nothing any more', { tags: ['slow'] }, async () => {
      const page = await open(demo)
      await signIn(page)
      await demo.stop()
      const file = join(demo.backend, '.env')
      const settings = await readFile(file, 'utf8')
      await writeFile(file, settings.replace(/^SECRET_KEY=.*$/m, `SECRET_KEY=${randomBytes(32).toString('hex')}`))
      await demo.start()
      await state(page, 'signed-out')
      await page.getByText('Your sign-in is no longer valid').waitFor()
      await signIn(page)
    })
  }

  describe('behind a server without WebSockets', () => {
    let demo: Demo

    beforeAll(async () => {
      demo = await makeDemo('wsgi')
      await demo.start()
    })

    afterAll(() => demo?.remove())

    it('says that it is the WebSocket which is refused', async () => {
      const page = await open(demo)
      await page.click('#login-form button')
      await state(page, 'disconnected')
      expect(await page.innerText('#reason')).toBe('The server answers, but refuses the WebSocket.')
    })
  })
})
