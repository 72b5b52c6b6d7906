import { chmod, readFile, writeFile } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { readScript, type ScriptKind } from '../../src/facts/old-scripts.ts'
import { replacedScripts } from '../../src/plan/init-scripts.ts'
import { bin, cliEnvironment, runCli } from '../support/cli.ts'
import { oldScripts } from '../support/old-scripts.ts'
import { makeStand, type Stand } from '../support/stand.ts'
import { until } from '../support/redis.ts'

let stand: Stand | undefined

afterEach(async () => {
  await stand?.remove()
  stand = undefined
})

/** What becomes of one script, and what is said of it. */
function replaced(file: string, text: string, kind: ScriptKind) {
  const { changes, notes } = replacedScripts([readScript(file, kind, text)], new Map([[file, text]]))
  return { after: changes.map(({ after }) => after), lost: notes.map(({ text: said, place }) => `${place?.line} ${said}`) }
}

test.each<[string, ScriptKind, string]>([
  ['start-services.ps1', 'powershell', 'npx election-dev start --cwd "$PSScriptRoot/." @args; exit $LASTEXITCODE\r\n'],
  ['start-services.bat', 'batch', '@npx election-dev start --cwd "%~dp0." %*\r\n'],
  ['start.ps1', 'powershell', 'npx election-dev start --cwd "$PSScriptRoot/." @args; exit $LASTEXITCODE\r\n'],
  [
    'backend/start-server.ps1',
    'powershell',
    'npx election-dev start --only backend --cwd "$PSScriptRoot/.." @args; exit $LASTEXITCODE\r\n',
  ],
  ['stop-services.ps1', 'powershell', 'npx election-dev stop --cwd "$PSScriptRoot/." @args; exit $LASTEXITCODE\r\n'],
])('%s is one call', (file, kind, call) => {
  const text = oldScripts[file] ?? ''
  expect(text).not.toBe('')
  expect(replaced(file, text, kind)).toEqual({ after: [call], lost: [] })
  // the second time there is nothing to do
  expect(replaced(file, call, kind)).toEqual({ after: [], lost: [] })
})

test('what such a script did besides is told with its line, and what is no such script is left alone', () => {
  const script =
    '#!/bin/sh\ncd backend\npython manage.py seed_votes\nsleep 2\npip install -r requirements.txt\ndaphne core.asgi:application\n'
  expect(replaced('start-services.sh', script, 'shell').lost).toEqual([
    '3 Nothing does python manage.py seed_votes any more',
    '5 pip install -r requirements.txt is what start --setup does, where it is wanted',
  ])
  expect(replaced('Procfile', 'web: daphne core.asgi:application\n', 'procfile')).toEqual({ after: [], lost: [] })
  const read = readScript('start.ps1', 'powershell', 'daphne core.asgi:application')
  expect(replacedScripts([read], new Map([['start.ps1', undefined]]))).toEqual({
    changes: [],
    notes: [{ text: "start.ps1 isn't UTF-8, and is left as it is" }],
  })
})

// a shell's are run; those of PowerShell and cmd need a Windows
test('the new scripts start and stop the project from anywhere, and --undo brings the old ones back', { timeout: 60_000 }, async () => {
  const start = '#!/bin/sh\ncd "$(dirname "$0")/backend" && daphne core.asgi:application\n'
  const stop = '#!/bin/sh\npkill -f daphne\n'
  stand = await makeStand({ files: { 'start-services.sh': start, 'stop-services.sh': stop } })
  const { root } = stand.project
  const at = (name: string): string => join(root, name)
  await chmod(at('start-services.sh'), 0o755)
  await chmod(at('stop-services.sh'), 0o755)
  const written = await runCli(['init', '--replace-scripts', '--yes'], { cwd: root })
  expect(written.status, written.stderr).toBe(0)
  // npx, as if the package were installed
  await writeFile(at('npx'), `#!/bin/sh\nshift\nexec "${process.execPath}" "${bin}" "$@"\n`)
  await chmod(at('npx'), 0o755)
  const env = cliEnvironment({ ...stand.mark.env, PATH: `${root}:${process.env['PATH'] ?? ''}` })
  const child = spawn(at('start-services.sh'), ['--port', String(stand.port), '--no-frontend'], { cwd: '/', env })
  let said = ''
  child.stdout.on('data', (data: Buffer) => (said += data.toString()))
  const ended = once(child, 'exit')
  await until(async () => /ready in[\s\S]*Channels/.test(said), 30_000)
  expect(said).toContain('● connected')
  const [stopped] = await once(spawn(at('stop-services.sh'), [], { cwd: '/', env, stdio: 'ignore' }), 'exit')
  expect(stopped).toBe(0)
  await ended
  await until(async () => (await stand?.mark.processes())?.length === 0)
  const undone = await runCli(['doctor', '--undo', '--yes'], { cwd: root })
  expect(undone.status, undone.stdout).toBe(0)
  expect(await readFile(at('start-services.sh'), 'utf8')).toBe(start)
  expect(await readFile(at('stop-services.sh'), 'utf8')).toBe(stop)
})
