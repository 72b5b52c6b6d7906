import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { findProgram, shimScript } from '../../src/facts/programs.ts'
import { filesIn, removeFiles } from '../support/files.ts'
import { testHost } from '../support/host.ts'

afterEach(removeFiles)

/** As npm's cmd-shim writes it today. */
const shim = `@ECHO off\r\nGOTO start\r\n:find_dp0\r\nSET dp0=%~dp0\r\nEXIT /b\r\n:start\r\nSETLOCAL\r\nCALL :find_dp0\r\n\r\nIF EXIST "%dp0%\\node.exe" (\r\n  SET "_prog=%dp0%\\node.exe"\r\n) ELSE (\r\n  SET "_prog=node"\r\n)\r\n\r\nendLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & "%_prog%"  "%dp0%\\..\\maildev\\bin\\maildev.js" %*\r\n`
/** And as it wrote it before 2019. */
const oldShim = `@IF EXIST "%~dp0\\node.exe" (\r\n  "%~dp0\\node.exe"  "%~dp0\\node_modules\\vite\\bin\\vite.js" %*\r\n) ELSE (\r\n  node  "%~dp0\\node_modules\\vite\\bin\\vite.js" %*\r\n)`
/** npm's own, which looks for another npm first. */
const npm = (name: 'NPM' | 'NPX') =>
  `SET "NODE_EXE=%~dp0\\node.exe"\r\nSET "NPM_PREFIX_JS=%~dp0\\node_modules\\npm\\bin\\npm-prefix.js"\r\nSET "${name}_CLI_JS=%~dp0\\node_modules\\npm\\bin\\${name.toLowerCase()}-cli.js"\r\nIF EXIST "%NPM_PREFIX_${name}_CLI_JS%" (\r\n  SET "${name}_CLI_JS=%NPM_PREFIX_${name}_CLI_JS%"\r\n)\r\n\r\n"%NODE_EXE%" "%${name}_CLI_JS%" %*\r\n`

test.each([
  [shim, '../maildev/bin/maildev.js'],
  [oldShim, 'node_modules/vite/bin/vite.js'],
  [npm('NPM'), 'node_modules/npm/bin/npm-cli.js'],
  [npm('NPX'), 'node_modules/npm/bin/npx-cli.js'],
  [npm('NPM').replace('"%NPM_CLI_JS%" %*', '"%NPM_CLI_JS%" run %*'), undefined],
  ['@echo off\r\npython "%~dp0\\run.js" %*', undefined],
  ['node "%~dp0\\run.js" --always %*', undefined],
  ['', undefined],
])('the script of a batch file: %#', (text, script) => {
  expect(shimScript(text)).toBe(script)
})

const program = '#!/bin/sh\n'

test('a name is found in the PATH of the service, a path from its folder', async () => {
  const root = await filesIn({
    'one/prog': program,
    'two/prog': program,
    'plain/prog': 'no program',
    'one/dir/x': '',
    'one/old.cmd': program,
  })
  const at = (...parts: string[]) => join(root, ...parts)
  for (const file of ['one', 'two']) await chmod(at(file, 'prog'), 0o755)
  await chmod(at('one', 'old.cmd'), 0o755)
  const host = testHost(root, { PATH: at('two') })
  const find = async (name: string, PATH: string, cwd = root) => findProgram(host, { program: name, cwd, env: { PATH } })
  expect(await find('prog', `${at('plain')}:${at('one')}:${at('two')}`)).toEqual({ kind: 'program', file: at('one', 'prog'), args: [] })
  expect(await find('prog', at('plain'))).toEqual({ kind: 'missing' })
  expect(await find('./prog', '', at('two'))).toEqual({ kind: 'program', file: at('two', 'prog'), args: [] })
  expect(await find('one/prog', '')).toEqual({ kind: 'program', file: at('one', 'prog'), args: [] })
  expect(await find('plain/prog', '')).toEqual({ kind: 'missing' })
  // a name like any other where there is no cmd.exe
  expect(await find('one/old.cmd', '')).toEqual({ kind: 'program', file: at('one', 'old.cmd'), args: [] })
  expect(await find('one/dir', '')).toEqual({ kind: 'missing' })
})

test('on Windows a shim of a Node script is run by node, another batch file is none of ours', async () => {
  const root = await filesIn({
    'bin/vite.cmd': oldShim,
    'bin/node_modules/vite/bin/vite.js': '',
    'bin/yarn.cmd': npm('NPM'),
    'bin/tool.bat': '@echo off',
    'bin/lost.cmd': oldShim.replaceAll('vite.js', 'x.js'),
  })
  for (const name of ['vite.cmd', 'yarn.cmd', 'lost.cmd', 'tool.bat']) await chmod(join(root, `bin/${name}`), 0o755)
  const host = { ...testHost(root), platform: 'win32' } as const
  const find = async (name: string) => findProgram(host, { program: name, cwd: root, env: { Path: join(root, 'bin') } })
  expect(await find('vite')).toEqual({ kind: 'program', file: process.execPath, args: [join(root, 'bin/node_modules/vite/bin/vite.js')] })
  expect(await find('bin/vite')).toEqual({
    kind: 'program',
    file: process.execPath,
    args: [join(root, 'bin/node_modules/vite/bin/vite.js')],
  })
  expect(await find('yarn')).toEqual({ kind: 'batch', file: join(root, 'bin/yarn.cmd') })
  expect(await find('tool')).toEqual({ kind: 'batch', file: join(root, 'bin/tool.bat') })
  expect(await find('lost')).toEqual({ kind: 'batch', file: join(root, 'bin/lost.cmd') })
})
