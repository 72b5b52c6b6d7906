import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { runCli, startCli, startOnTerminal, type RunningCli } from '../support/cli.ts'
import { oldScripts } from '../support/old-scripts.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { secret } from '../support/secrets.ts'

let project: TestProject | undefined
let cli: RunningCli | undefined

afterEach(async () => {
  await cli?.end('SIGTERM')
  cli = undefined
  await project?.remove()
})

const frontend = {
  'frontend/package.json': '{"name": "page", "scripts": {"dev": "vite", "build": "vite build"}}\n',
  'frontend/yarn.lock': '# yarn lockfile v1\n',
}

/** The whole of a file below the project. */
async function text(name: string): Promise<string> {
  return readFile(join(project?.root ?? '', name), 'utf8')
}

test('the five old scripts become a configuration with which start does what they did', async () => {
  // a port that is free here, in the place of 8000
  const port = await freePort('127.0.0.1')
  const scripts = Object.fromEntries(Object.entries(oldScripts).map(([file, script]) => [file, script.replaceAll('-p 8000', `-p ${port}`)]))
  project = await makeProject({ files: { ...scripts, ...frontend, 'backend/requirements.txt': 'daphne\n' } })
  const result = await runCli(['init', '--yes', '--json'], { cwd: project.root })
  expect(result.stderr).toBe('')
  expect(result.status).toBe(0)
  const report = JSON.parse(result.stdout)
  expect(report).toMatchObject({ command: 'init', ok: true, written: true })
  const fromFour = ['start-services.ps1', 'start-services.bat', 'start.ps1', 'backend/start-server.ps1']
  for (const key of ['host', 'port', 'application', 'server']) {
    const taken = report.taken.find((each: { key: string }) => each.key === key)
    expect(taken.places.map(({ file }: { file: string }) => file)).toEqual(fromFour)
  }
  expect(report.taken.find((each: { key: string }) => each.key === 'host').note).toContain('network')
  expect(report.notes).toContainEqual({
    text: 'It ends processes by their name, whoever started them',
    place: { file: 'stop-services.ps1', line: 2 },
    hint: 'election-dev stop replaces it: it ends exactly what start has started.',
  })
  // what start finds by itself isn't repeated: daphne, core.asgi:application, frontend/, its script dev
  expect(JSON.parse(await text('election-dev.config.json'))).toEqual({ host: '0.0.0.0', port, env: { DJANGO_LOG_LEVEL: 'DEBUG' } })

  cli = startCli(['start', '--no-frontend', '--no-observer', '--json'], { cwd: project.root })
  await cli.waitFor(/"event":"ready"/)
  const ready = JSON.parse(
    cli
      .stdout()
      .split('\n')
      .find((line) => line.includes('"event":"ready"')) ?? '',
  )
  expect(ready).toMatchObject({ backend: { url: `http://127.0.0.1:${port}/`, server: 'daphne', openToNetwork: true } })
  if (process.platform === 'linux') {
    const about = async (what: string) =>
      (await readFile(`/proc/${ready.backend.pid}/${what}`, 'utf8')).split('\0').filter((part) => part !== '')
    expect((await about('cmdline')).slice(1)).toEqual(['-m', 'daphne', '-b', '0.0.0.0', '-p', String(port), 'core.asgi:application'])
    expect(await about('environ')).toContain('DJANGO_LOG_LEVEL=DEBUG')
  }
  const { status } = await cli.end('SIGINT')
  expect(status).toBe(130)
})

test('without a terminal the diff alone is shown, with status 1; --yes writes; the second run has nothing to do', async () => {
  project = await makeProject({
    files: {
      ...oldScripts,
      ...frontend,
      'package.json':
        '{\r\n\t"name": "election",\r\n\t"scripts": {\r\n\t\t"dev": "echo mine",\r\n\t\t"lint": "x"\r\n\t},\r\n\t"private": true\r\n}',
      '.gitignore': '\u{feff}venv/\r\nnode_modules/',
    },
  })
  const plain = await runCli(['init'], { cwd: project.root })
  expect(plain.stdout).not.toContain('.github')
  const shown = await runCli(['init', '--ci', 'github'], { cwd: project.root })
  expect(shown.status).toBe(1)
  expect(shown.stdout).toContain('Nothing is written yet: --yes does it.')
  expect(shown.stdout).toContain('+++ .github/workflows/election-dev.yml')
  expect(shown.stdout).toContain('+.election-dev/')
  expect(shown.stdout).toContain('"dev" of another meaning: "dev:all" is "election-dev start"')
  const dry = await runCli(['init', '--yes', '--dry-run'], { cwd: project.root })
  expect(dry.status).toBe(1)
  await expect(text('election-dev.config.json')).rejects.toThrow('ENOENT')
  expect(await text('.gitignore')).toBe('\u{feff}venv/\r\nnode_modules/')

  const written = await runCli(['init', '--yes', '--ci', 'github'], { cwd: project.root })
  expect(written.status).toBe(0)
  expect(await text('election-dev.config.json')).toBe('{\n  "host": "0.0.0.0",\n  "env": {\n    "DJANGO_LOG_LEVEL": "DEBUG"\n  }\n}\n')
  expect(await text('package.json')).toBe(
    '{\r\n\t"name": "election",\r\n\t"scripts": {\r\n\t\t"dev": "echo mine",\r\n\t\t"lint": "x",\r\n\t\t"dev:all": "election-dev start",\r\n\t\t"doctor": "election-dev doctor",\r\n\t\t"smoke": "election-dev smoke"\r\n\t},\r\n\t"private": true\r\n}',
  )
  expect(await text('.gitignore')).toBe('\u{feff}venv/\r\nnode_modules/\r\n.election-dev/\r\n')
  const mode = (await stat(join(project.root, 'election-dev.config.json'))).mode & 0o777
  expect(mode).toBe(0o666 & ~process.umask())

  const again = await runCli(['init'], { cwd: project.root })
  expect(again.status).toBe(0)
  expect(again.stdout).toContain('Nothing to change')

  const undone = await runCli(['doctor', '--undo', '--yes'], { cwd: project.root })
  expect(undone.status).toBe(0)
  await expect(text('election-dev.config.json')).rejects.toThrow('ENOENT')
  await expect(text('.github/workflows/election-dev.yml')).rejects.toThrow('ENOENT')
  expect(await text('.gitignore')).toBe('\u{feff}venv/\r\nnode_modules/')
})

test.each<[string, string, boolean]>([
  ['y\n', 'Written: ', true],
  ['n\n', 'Nothing was written.', false],
])('on a terminal it asks: %j', async (answer, says, writes) => {
  project = await makeProject({ files: oldScripts })
  const running = startOnTerminal(['init', '--ci', 'none'], { cwd: project.root })
  cli = running
  await running.waitFor(/Write it\? \[y\/N\]/)
  running.child.stdin?.write(answer)
  const { status, stdout } = await running.end()
  expect(stdout).toContain(says)
  expect(status).toBe(writes ? 0 : 1)
  expect(await text('election-dev.config.json').catch(() => undefined)).toEqual(writes ? expect.stringContaining('0.0.0.0') : undefined)
})

test('a file that cannot be written leaves all as it was', async () => {
  project = await makeProject({ files: { ...oldScripts, '.github/workflows': 'a file where a folder should be\n' } })
  const result = await runCli(['init', '--yes', '--ci', 'github'], { cwd: project.root })
  expect(result.status).toBe(1)
  expect(result.stderr).toContain('init-write')
  await expect(text('election-dev.config.json')).rejects.toThrow('ENOENT')
  await expect(text('.gitignore')).rejects.toThrow('ENOENT')
})

test('secrets of a script are neither copied nor shown, and the bug that it began with is named', async () => {
  const [key, password] = [secret(), secret()]
  project = await makeProject({
    files: {
      'start.ps1': `$env:SECRET_KEY = "${key}"\r\n$env:CACHE_URL = "redis://:${password}@localhost:6379/0"\r\n$env:FEATURE = "on"\r\ncd backend\r\npython manage.py runserver 0.0.0.0:8000\r\n`,
      Procfile: 'web: gunicorn core.wsgi --log-file -\nworker: celery -A core worker\n',
    },
  })
  const result = await runCli(['init', '--yes', '--ci', 'gitlab'], { cwd: project.root })
  expect(result.status).toBe(0)
  expect(result.stdout + result.stderr).not.toContain(key)
  expect(result.stdout + result.stderr).not.toContain(password)
  expect(result.stdout).toContain('start.ps1:5   manage.py runserver speaks WSGI')
  expect(result.stdout).toContain('Procfile:1   gunicorn core.wsgi speaks WSGI')
  expect(result.stdout).toContain('start.ps1:1   SECRET_KEY looks like a secret: it is not copied')
  expect(JSON.parse(await text('election-dev.config.json'))).toEqual({ host: '0.0.0.0', env: { FEATURE: 'on' } })
  expect(await text('.gitlab-ci.yml')).toBe('include:\n  - local: .gitlab/election-dev.yml\n')
  expect(await text('.gitlab/election-dev.yml')).toContain('election-dev smoke')
})

test('a configuration with words of its own keeps them', async () => {
  project = await makeProject({ files: { ...oldScripts, 'election-dev.config.json': '{ "host": "127.0.0.1" }' } })
  const kept = await runCli(['init', '--yes', '--ci', 'none'], { cwd: project.root })
  expect(kept.stdout).toContain('election-dev.config.json keeps its "host"; the scripts say "0.0.0.0"')
  expect(await text('election-dev.config.json')).toBe('{ "host": "127.0.0.1", "env": {"DJANGO_LOG_LEVEL":"DEBUG"} }')
})

test('a configuration in another form is left alone, and no second one is written beside it', async () => {
  const own = 'export default { port: 8123 }\n'
  project = await makeProject({ files: { ...oldScripts, 'election-dev.config.mjs': own } })
  const result = await runCli(['init', '--yes', '--ci', 'none'], { cwd: project.root })
  expect(result.status).toBe(0)
  expect(result.stdout).toContain('election-dev.config.mjs is left as it is; what the scripts say: {"host":"0.0.0.0"')
  expect(await text('election-dev.config.mjs')).toBe(own)
  await expect(text('election-dev.config.json')).rejects.toThrow('ENOENT')
})
