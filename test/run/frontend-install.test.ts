/** Installations by the real npm, of packages that lie beside the checkout: no registry is asked. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gatherFrontend } from '../../src/facts/frontend-reading.ts'
import { packageManager } from '../../src/facts/package-manager.ts'
import { planFrontendInstall } from '../../src/plan/frontend.ts'
import { installFrontend } from '../../src/run/frontend-install.ts'
import { ending } from '../support/ends.ts'
import { testHost } from '../support/host.ts'

const { folder } = ending()
const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_ENV: 'production' }

/** A frontend whose dev server is a package in the folder beside it; `dev` is what it depends on. */
async function frontend(dependency: string): Promise<string> {
  const root = await folder()
  await mkdir(join(root, 'server'))
  await mkdir(join(root, 'frontend'))
  await writeFile(join(root, 'server', 'package.json'), '{"name":"vite","version":"1.0.0","bin":{"vite":"vite.js"}}')
  await writeFile(join(root, 'server', 'vite.js'), '#!/usr/bin/env node\n')
  const manifest = { name: 'page', version: '1.0.0', scripts: { dev: 'vite' }, devDependencies: { vite: dependency } }
  await writeFile(join(root, 'frontend', 'package.json'), JSON.stringify(manifest))
  return root
}

async function install(root: string, signal = new AbortController().signal): Promise<string[]> {
  const lines: string[] = []
  const plan = planFrontendInstall(await packageManager(join(root, 'frontend'), root, undefined))
  await installFrontend(testHost(root, env), plan, {
    report: (event) => void lines.push(event.event === 'note' ? event.text : event.line),
    signal,
  })
  return lines
}

const programOf = async (root: string) =>
  (await gatherFrontend(testHost(root, env), { frontend: undefined }, { root, backend: join(root, 'backend') }, process.execPath)).program

test('what was missing is there afterwards, dev dependencies too, and npm’s lines are told', async () => {
  const root = await frontend('file:../server')
  expect(await programOf(root)).toEqual({ state: 'missing', what: 'node_modules' })
  const lines = await install(root)
  expect(lines.join('\n')).toMatch(/added \d+ package/)
  expect(await programOf(root)).toMatchObject({ state: 'found', program: { file: process.execPath } })
  // now there is a lock file, and the next installation keeps to it
  expect(lines.join('\n')).toContain('npm has written package-lock.json, which belongs in the repository')
  expect(await readFile(join(root, 'frontend', 'package-lock.json'), 'utf8')).toContain('../server')
  expect((await install(root)).join('\n')).not.toContain('has written')
})

test('one that fails says so with npm’s last lines', async () => {
  const root = await frontend('file:../server')
  // npm ci takes no lock file that says something else than package.json
  await writeFile(join(root, 'frontend', 'package-lock.json'), '{"name":"page","version":"1.0.0","lockfileVersion":3,"packages":{}}')
  await expect(install(root)).rejects.toMatchObject({
    code: 'frontend-install',
    message: expect.stringMatching(/^npm ci ended with \d+$/),
    evidence: expect.arrayContaining([expect.stringMatching(/in sync/)]),
  })
})

test('one that is called off ends, and leaves nothing running', async () => {
  const root = await frontend('file:../server')
  const abort = new AbortController()
  abort.abort()
  await expect(install(root, abort.signal)).rejects.toMatchObject({ code: 'frontend-install' })
})

test('a package manager that is not there', async () => {
  const root = await frontend('file:../server')
  const plan = { manager: 'bun', args: ['install'], cwd: join(root, 'frontend'), shown: 'bun install' } as const
  const none = testHost(root, { PATH: join(root, 'nowhere') })
  await expect(installFrontend(none, plan, { report: () => {}, signal: new AbortController().signal })).rejects.toMatchObject({
    code: 'package-manager-missing',
    hint: 'Install it: https://bun.sh',
  })
})
