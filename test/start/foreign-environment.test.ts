import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { freshProject, installerEnvironment, listing, type FreshProject } from '../support/fresh-project.ts'

let project: FreshProject | undefined

afterEach(async () => {
  await project?.remove()
})

test('an interpreter that is named and does not run is said; nothing beside it is touched, not even with --setup', async () => {
  project = await freshProject()
  const { root } = project
  await mkdir(join(root, 'other', 'bin'), { recursive: true })
  await writeFile(join(root, 'other', 'bin', 'python'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  await writeFile(join(root, 'other', 'precious.txt'), 'keep me')
  const before = await listing(root)
  const { status, stderr } = await runCli(['start', '--setup', '--python', 'other/bin/python'], {
    cwd: root,
    env: installerEnvironment(false),
  })
  expect(status).toBe(1)
  expect(stderr).toContain('venv-broken')
  expect(stderr).toContain('--python')
  expect(await listing(root)).toEqual(before)
})

test.skipIf(process.platform === 'win32')('one of another system is told, and left for it: a new one gets another name', async () => {
  project = await freshProject()
  const { root, backend } = project
  await mkdir(join(backend, 'venv', 'Scripts'), { recursive: true })
  await writeFile(join(backend, 'venv', 'pyvenv.cfg'), 'home = C:\\Python313\nversion = 3.13.1\n')
  await writeFile(join(backend, 'venv', 'Scripts', 'python.exe'), 'MZ')
  const { status, stderr } = await runCli(['start'], { cwd: root, env: installerEnvironment(false) })
  expect(status).toBe(1)
  expect(stderr).toMatch(/venv backend\/\.venv\n[^]*backend\/\.venv\/bin\/python -m pip/)
  expect(stderr).not.toContain('--clear')
  const doctor = await runCli(['doctor', '--json'], { cwd: root, env: installerEnvironment(false) })
  expect(doctor.stdout).toMatch(/"foreign-environment".*backend\/venv has the layout of Windows: it is left alone/)
})

test('a broken environment of somebody else is never emptied', async () => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'election-elsewhere-'))
  try {
    await mkdir(join(elsewhere, 'bin'))
    await writeFile(join(elsewhere, 'pyvenv.cfg'), 'home = /nowhere\n')
    await symlink('/nowhere/python', join(elsewhere, 'bin', 'python'))
    await writeFile(join(elsewhere, 'precious.txt'), 'keep me')
    project = await freshProject()
    const { status, stderr } = await runCli(['start'], {
      cwd: project.root,
      env: { ...installerEnvironment(false), VIRTUAL_ENV: elsewhere },
    })
    expect(status).toBe(1)
    expect(stderr).not.toContain('--clear')
    expect(stderr).toMatch(/venv backend\/venv/)
  } finally {
    await rm(elsewhere, { recursive: true, force: true })
  }
})
