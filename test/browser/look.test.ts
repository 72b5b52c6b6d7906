import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { processTable } from '../../src/host/process-table.ts'
import { ending } from '../support/ends.ts'
import { browser, lookedAt, seenOf, servePage } from '../support/page-look.ts'
import { variants } from '../support/variants.ts'

const { keep, folder: emptyFolder } = ending()

const socketAt = (path: string) => `new WebSocket('ws://' + location.host + '${path}')`

/** On lines of its own, with a token in its URL. */
const opening = (path: string) => `\nconst url = 'ws://' + location.host + '${path}?token=s3cret'\nnew WebSocket(url)\n`

describe.skipIf(browser === undefined)('a page in a real browser', { timeout: 60_000 }, () => {
  test('its socket, where one that fails is opened, and nothing of its query', async () => {
    const open = await servePage(keep, opening('/ws/votes/'))
    const seen = await seenOf(`${open.origin}/`)
    expect(seen).toMatchObject({ status: 200, loaded: true, end: 'settled', refusals: [], exceptions: [] })
    expect(seen.browser).toMatch(/^Chromium \d+$/)
    const url = `ws://localhost:${open.port}/ws/votes/?token=***`
    expect(seen.sockets).toEqual([expect.objectContaining({ url, state: 'open', status: 101 })])

    const refusing = await servePage(keep, opening('/refuse/'))
    const failed = await seenOf(`${refusing.origin}/`)
    expect(failed.sockets[0]?.at).toEqual({ file: `${refusing.origin}/`, line: 3, text: 'new WebSocket(url)' })
    expect(JSON.stringify([seen, failed])).not.toContain('s3cret')
  })

  test('one that is refused, one that is closed with a code, one where nothing listens', async () => {
    const { origin } = await servePage(keep, `${socketAt('/refuse')}; ${socketAt('/close')}; new WebSocket('ws://127.0.0.1:2/x')`)
    const { sockets } = await seenOf(`${origin}/`)
    expect(sockets).toEqual([
      expect.objectContaining({ state: 'refused', status: 403 }),
      expect.objectContaining({ state: 'closed', status: 101, close: { code: 4001, reason: 'no' } }),
      expect.objectContaining({ state: 'refused', error: 'net::ERR_CONNECTION_REFUSED' }),
    ])
  })

  test('of a page that tries again and again one socket is told, and it ends', async () => {
    const { origin } = await servePage(
      keep,
      `const again = () => { ${socketAt('/refuse')}.onclose = () => setTimeout(again, 50) }; again()`,
    )
    const { sockets, elapsedMs } = await seenOf(`${origin}/`)
    expect(sockets).toHaveLength(1)
    expect(elapsedMs).toBeLessThan(12_000)
  })

  test('one that closes its first socket and opens a second is open', async () => {
    const { origin } = await servePage(keep, `${socketAt('/ws/')}.close(); ${socketAt('/ws/')}`)
    expect((await seenOf(`${origin}/`)).sockets).toEqual([expect.objectContaining({ state: 'open' })])
  })

  test("a worker's socket is the page's, a dev server's channel is not", async () => {
    const { origin, port } = await servePage(
      keep,
      `new WebSocket('ws://' + location.host + '/', 'vite-hmr'); ${socketAt('/hot')}; const port = location.port
      new Worker(URL.createObjectURL(new Blob(["new WebSocket('ws://localhost:" + port + "/from-worker')"])))`,
    )
    expect((await seenOf(`${origin}/`)).sockets.map(({ url }) => url)).toEqual([`ws://localhost:${port}/from-worker`])
  })

  test("a shared worker's socket is the page's, and one of a worker's own worker", { tags: ['slow'] }, async () => {
    const nested = `new Worker(URL.createObjectURL(new Blob(["new WebSocket('ws://" + location.host + "/nested')"])))`
    const files: Readonly<Record<string, string>> = { '/shared.js': socketAt('/shared'), '/worker.js': nested }
    const { origin, port } = await servePage(keep, `new SharedWorker('/shared.js'); new Worker('/worker.js')`, {
      answer: ({ url }, response) => {
        const file = files[url ?? '']
        if (file !== undefined) response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(file)
        return file !== undefined
      },
    })
    const { sockets } = await seenOf(`${origin}/`)
    expect(sockets.map(({ url, state }) => [url, state]).toSorted()).toEqual([
      [`ws://localhost:${port}/nested`, 'open'],
      [`ws://localhost:${port}/shared`, 'open'],
    ])
  })

  test('a page at an address of IPv6', { tags: ['slow'] }, async () => {
    const { port } = await servePage(keep, socketAt('/ws/'), { host: '::1' })
    const { sockets } = await seenOf(`http://[::1]:${port}/`)
    expect(sockets).toEqual([expect.objectContaining({ url: `ws://[::1]:${port}/ws/`, state: 'open' })])
  })

  test('a source map that is none keeps nothing back', { tags: ['slow'] }, async () => {
    const { origin } = await servePage(keep, '<!doctype html><script src="/a.js"></script>', {
      answer: ({ url }, response) => {
        if (url !== '/a.js') return false
        const script = `${socketAt('/refuse')}\n//# sourceMappingURL=data:application/json,%E0%A4%A`
        response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(script)
        return true
      },
    })
    expect((await seenOf(`${origin}/`)).sockets).toEqual([
      expect.objectContaining({ at: expect.objectContaining({ file: 'a.js', line: 1 }) }),
    ])
  })

  test('what the browser forbids: CORS, Content-Security-Policy', { tags: ['slow'] }, async () => {
    const { origin, port } = await servePage(keep, `fetch('http://127.0.0.1:' + location.port + '/api/')`)
    expect((await seenOf(`${origin}/`)).refusals).toEqual([
      { kind: 'cors', url: `http://127.0.0.1:${port}/api/`, text: 'MissingAllowOriginHeader', isSocket: false },
    ])
    const closed = await servePage(keep, socketAt('/ws/'), { headers: { 'Content-Security-Policy': "connect-src 'none'" } })
    const seen = await seenOf(`${closed.origin}/`)
    expect(seen.refusals).toEqual([{ kind: 'csp', url: `ws://localhost:${closed.port}/ws/`, text: 'connect-src', isSocket: true }])
  })

  test('nothing but its own hosts is contacted, and those that are allowed', async () => {
    const { origin } = await servePage(keep, `fetch('http://elsewhere.example/x').catch(() => {}); new WebSocket('ws://192.0.2.1/ws/')`)
    const seen = await seenOf(`${origin}/`)
    expect(seen.refusals).toEqual([expect.objectContaining({ kind: 'not-contacted', url: 'http://elsewhere.example/x' })])
    const { refusals } = await seenOf((await servePage(keep, `fetch('http://nowhere.invalid/x').catch(() => {})`)).origin, {
      hosts: ['nowhere.invalid'],
    })
    expect(refusals).toEqual([expect.objectContaining({ kind: 'failed', text: 'net::ERR_NAME_NOT_RESOLVED' })])
    expect(seen.sockets).toEqual([expect.objectContaining({ error: 'net::ERR_NAME_NOT_RESOLVED' })])
  })

  test('cookies and storage are there before the first script, and what the page has is left', async () => {
    const script = `${socketAt("/ws/?' + localStorage.getItem('access') + '-' + sessionStorage.getItem('jwt') + '")}`
    const { origin, handshakes, port } = await servePage(keep, script)
    await seenOf(`${origin}/`, {
      cookies: [{ name: 'sessionid', value: 'abc', url: origin }],
      storage: { local: { access: 'one' }, session: { jwt: 'two' } },
    })
    expect(handshakes.map(({ cookie }) => cookie)).toEqual(['sessionid=abc'])
    expect(handshakes.map(({ host }) => host)).toEqual([`localhost:${port}`])
  })

  test('a form is filled in, on the page itself', { tags: ['slow'] }, async () => {
    const form = `<!doctype html><form><input id="name"><input id="secret" type="password"><button>in</button></form><script>
      document.querySelector('form').onsubmit = (event) => {
        event.preventDefault()
        document.querySelector('form').remove()
        new WebSocket('ws://' + location.host + '/ws/' + document.title)
      }
      document.querySelector('#name').oninput = (event) => { document.title = event.target.value }
    </script>`
    const { origin } = await servePage(keep, form)
    const before = await seenOf(`${origin}/`)
    expect(before).toMatchObject({ asksForLogin: true, sockets: [] })
    const seen = await seenOf(`${origin}/`, { login: { url: undefined, fields: { '#name': 'ada', '#secret': 'x' }, submit: undefined } })
    expect(seen.sockets.map(({ url, state }) => [new URL(url).pathname, state])).toEqual([['/ws/ada', 'open']])
    const wrong = await seenOf(`${origin}/`, { login: { url: undefined, fields: { '#nobody': 'ada' }, submit: undefined } })
    expect(wrong.loginProblem).toBe('there is no #nobody on its page')
  })

  test('a form that keeps its user out, has no field, or is none, is told', { tags: ['slow'] }, async () => {
    const form = '<!doctype html><input id="lone"><form onsubmit="event.preventDefault()"><input id="secret" type="password"></form>'
    const { origin } = await servePage(keep, form)
    const problemOf = async (fields: Record<string, string>) =>
      (await seenOf(`${origin}/`, { login: { url: undefined, fields, submit: undefined } })).loginProblem
    expect(await problemOf({ '#secret': 'x' })).toBe('the form was sent, and a field for a password is still there')
    expect(await problemOf({ form: 'x' })).toBe('form is no field')
    expect(await problemOf({ '#lone': 'x' })).toBe('its fields are in no form: "submit" has to name what is clicked')
    expect(await problemOf({ '[[': 'x' })).toBe('[[ is no CSS selector')
  })

  test(
    'a page that answers no more is told within the bound, and nothing is claimed of what it was to have',
    { tags: ['slow'] },
    async () => {
      const { origin } = await servePage(keep, `${socketAt('/ws/')}.onopen = () => setTimeout(() => { for (;;); }, 700)`)
      const seen = await seenOf(`${origin}/`, { expect: 'b', deadlineMs: 4000, screenshot: { file: '/nowhere/x.png', when: 'always' } })
      expect(seen.expected).toBe('the page did not answer when it was looked for b')
      expect(seen.screenshot).toEqual({ why: expect.stringMatching(/^no answer to Page.captureScreenshot within/) })
      expect(seen.elapsedMs).toBeLessThan(6500)
    },
  )

  test('of sockets without end the newest are told', { tags: ['slow'] }, async () => {
    const { origin, port } = await servePage(
      keep,
      `let at = 0; const again = () => { ${socketAt("' + (at++ < 60 ? '/close/' + at : '/ws/') + '")}.onclose = again }; again()`,
    )
    const open = expect.objectContaining({ url: `ws://localhost:${port}/ws/`, state: 'open' })
    expect((await seenOf(`${origin}/`)).sockets).toContainEqual(open)
  })

  test('what is expected, and a picture', async () => {
    const { origin } = await servePage(keep, `${socketAt('/ws/')}.onopen = () => { document.body.dataset.state = 'green' }`)
    const folder = await mkdtemp(join(tmpdir(), 'test-picture-'))
    const file = join(folder, 'page.png')
    const seen = await seenOf(`${origin}/`, { expect: '[data-state=green]', screenshot: { file, when: 'always' } })
    expect(seen).toMatchObject({ expected: true, screenshot: { file } })
    expect((await readFile(file)).subarray(1, 4).toString()).toBe('PNG')
    await rm(file)
    const red = await seenOf(`${origin}/`, { expect: '[data-state=red]', screenshot: { file, when: 'failed' } })
    expect(red.expected).toBe(false)
    expect(existsSync(file)).toBe(true)
    const none = await seenOf(`${origin}/`, { expect: '[[', screenshot: { file: join(file, 'x.png'), when: 'always' } })
    expect(none.expected).toBe('[[ is no CSS selector')
    expect(none.screenshot).toEqual({ why: expect.stringContaining('EEXIST') })
    await rm(folder, { recursive: true })
  })

  test('a change in one window arrives in the other, and what comes without one is told', { tags: ['slow'] }, async () => {
    const { origin } = await servePage(
      keep,
      `globalThis.socket = ${socketAt('/ws/')}
      document.body.innerHTML = '<button>vote</button>'
      document.querySelector('button').onclick = () => globalThis.socket.send('a vote')`,
    )
    const click = { by: { kind: 'click', selector: 'button' }, expect: undefined } as const
    expect((await seenOf(`${origin}/`, { change: click })).change).toEqual({ arrived: true, ms: expect.any(Number) })
    const send = { by: { kind: 'send', text: 'by hand' }, expect: 'by hand' } as const
    expect((await seenOf(`${origin}/`, { change: send })).change).toMatchObject({ arrived: true })
    const nothing = { by: { kind: 'click', selector: '#none' }, expect: undefined } as const
    expect((await seenOf(`${origin}/`, { change: nothing })).change).toEqual({ arrived: false, why: 'there is no #none on the page' })
    const ticking = await servePage(
      keep,
      `const socket = ${socketAt('/ws/')}; setInterval(() => socket.readyState === 1 && socket.send('tick'), 50)`,
    )
    expect((await seenOf(`${ticking.origin}/`, { change: send })).change).toMatchObject({ arrived: true })
    expect((await seenOf(`${ticking.origin}/`, { change: click })).change).toMatchObject({ arrived: false })
  })

  const broken: [name: string, path: string, error: RegExp][] = [
    ['redirects in circles', '/circle', /^net::ERR_TOO_MANY_REDIRECTS$/],
    ['is a download', '/download', /^net::ERR_ABORTED$|download/],
    ['never answers', '/never', /^no answer/],
  ]
  variants(broken, { title: 'one that %s', quick: 1 }, async (_, path, error) => {
    const { origin } = await servePage(keep, '', {
      answer: ({ url }, response) => {
        if (url === '/circle') response.writeHead(302, { Location: '/circle' }).end()
        else if (url === '/download')
          response.writeHead(200, { 'Content-Disposition': 'attachment; filename=x.bin' }).end('x'.repeat(100_000))
        return url !== '/'
      },
    })
    const seen = await seenOf(`${origin}${path}`, { deadlineMs: 5000 })
    expect(seen.error).toMatch(error)
    expect(seen.elapsedMs).toBeLessThan(7500)
  })

  test('one that opens dialogs for ever ends within the bound', { tags: ['slow'] }, async () => {
    const { origin } = await servePage(keep, 'for (;;) alert(1)')
    expect((await seenOf(`${origin}/`, { deadlineMs: 3000 })).elapsedMs).toBeLessThan(7000)
  })

  test('a program that is no browser is told', async () => {
    expect(await lookedAt('http://localhost:1/', { browser: '/bin/false' })).toMatchObject({
      result: 'unseen',
      why: expect.stringContaining('/bin/false'),
    })
    expect(await lookedAt('http://localhost:1/', { browser: '/nowhere/chrome' })).toMatchObject({ result: 'unseen' })
  })

  test.skipIf(process.platform === 'win32')(
    'what a program left behind that only looked like a browser is gone, and what it says is judged at once',
    async () => {
      const folder = await emptyFolder()
      const program = async (script: string) => {
        const file = join(folder, 'chrome')
        await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
        return file
      }
      const pid = join(folder, 'pid')
      // a session of its own, and a pipe that says nothing but NULs
      const zeros = await program(
        `setsid sh -c 'echo $$ > ${pid}; exec sleep 300' &\nuntil [ -s ${pid} ]; do :; done\nexec cat /dev/zero >&4`,
      )
      expect(await lookedAt('http://localhost:1/', { browser: zeros })).toEqual({
        result: 'unseen',
        why: `${zeros} can't be used: what it says is no message of the DevTools protocol`,
      })
      // what is killed may wait for somebody to ask how it ended
      const runs = async () => {
        const rows = (await processTable({ platform: process.platform })) ?? []
        return rows.some((row) => row.pid === left && !row.zombie)
      }
      const left = Number(await readFile(pid, 'utf8'))
      await expect.poll(runs).toBe(false)
    },
  )

  test('a long path to temporary files keeps no browser from it', { tags: ['slow'] }, async () => {
    const folder = join(await emptyFolder(), 'x'.repeat(100))
    await mkdir(folder)
    const { origin } = await servePage(keep, socketAt('/ws/'))
    const look = await lookedAt(`${origin}/`, {}, { ...process.env, TMPDIR: folder })
    expect(look).toMatchObject({ result: 'seen', sockets: [{ state: 'open' }] })
    expect(await readdir(folder)).toEqual([])
  })

  test('a machine without a folder for the profile is told', async () => {
    const look = await lookedAt('http://localhost:1/', {}, { ...process.env, TMPDIR: '/nowhere', TMP: '/nowhere', TEMP: '/nowhere' })
    expect(look).toMatchObject({ result: 'unseen', why: expect.stringContaining('ENOENT') })
  })
})
