/** Doctor and verify take the page's address and proxy from Vite itself. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli, startCli } from '../support/cli.ts'
import { ending } from '../support/ends.ts'
import { freePort } from '../support/redis.ts'
import { onlyOrigin, votesConsumer, writeViteFrontend } from '../support/vite-frontend.ts'

const { keep, project, server } = ending()

/** A checkout whose backend lets in the page alone, at a port that only Vite can tell. */
async function checkout() {
  const page = await freePort('127.0.0.1')
  const made = await project({ consumer: votesConsumer, asgi: onlyOrigin(page) })
  const folder = await writeViteFrontend(made, { port: page })
  await writeFile(join(folder, 'vite.config.js'), `const shift = 1\nexport default { server: { port: ${page - 1} + shift } }\n`)
  return { made, page, folder }
}

test('the Origin of a page that is not up: verify and doctor are let in as it would be', async () => {
  const { made } = await checkout()
  const { port } = await server('daphne', made)
  const verified = await runCli(['verify', '--port', String(port)], { cwd: made.root })
  expect(verified.status, verified.stdout).toBe(0)
  const doctor = await runCli(['doctor', '--url', `ws://127.0.0.1:${port}/ws/election-updates/`], { cwd: made.root })
  expect(doctor.stdout).not.toContain('origin-rejected')
  expect(doctor.status, doctor.stdout).toBe(0)
})

test('the Origin of a page that is up elsewhere than its files say is that of the run', { tags: ['slow'] }, async () => {
  const { made, page, folder } = await checkout()
  const port = await freePort('127.0.0.1')
  const cli = startCli(['start', '--json', '--port', String(port)], { cwd: made.root, env: {} })
  keep({ stop: () => cli.end('SIGINT') })
  await cli.waitFor(new RegExp(`"url":"http://localhost:${page}/","state":"ready"`))
  await writeFile(join(folder, 'vite.config.js'), 'export default { server: { port: 4000 } }\n')
  const verified = await runCli(['verify'], { cwd: made.root })
  expect(verified.status, verified.stdout).toBe(0)
})
