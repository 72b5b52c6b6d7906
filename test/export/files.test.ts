/** What `export` writes, by the built command line, judged by the engines' own validators. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli, startOnTerminal } from '../support/cli.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { secret } from '../support/secrets.ts'
import { nginx, pythonOf } from '../support/tools.ts'
import { caddy, dockerCompose, kubernetesValidate, outcomeOf } from '../support/validators.ts'

const run = promisify(execFile)
const frontend = {
  'frontend/package.json': '{"scripts":{"dev":"vite","build":"vite build"},"devDependencies":{"vite":"7.0.0"}}',
  'frontend/package-lock.json': '{}',
  'frontend/.env': 'VITE_WS_URL=ws://localhost:8000/ws/election-updates/\n',
  'frontend/vite.config.ts': "export default { server: { proxy: { '/graphql': { target: 'http://localhost:8000' } } } }\n",
}
const requirements = { 'backend/requirements.txt': '-r base.txt\ndaphne\nchannels-redis\n', 'backend/base.txt': 'Django\nchannels\n' }

let project: TestProject
let bare: TestProject
beforeAll(async () => {
  project = await makeProject({ files: { ...requirements, ...frontend }, dotenv: ['MAIL_HOST=mail.example.org'] })
  bare = await makeProject({ files: requirements, settings: 'STATIC_ROOT = BASE_DIR / "collected"\n' })
})
afterAll(async () => {
  await Promise.all([project.remove(), bare.remove()])
})

/** Reads YAML with PyYAML, which uvicorn[standard] brings. */
async function parsed(file: string): Promise<unknown> {
  const script = 'import json,sys,yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))'
  const { stdout } = await run(pythonOf('main'), ['-c', script, file])
  return JSON.parse(stdout)
}

describe.each(['nginx', 'caddy', 'traefik'] as const)('compose behind %s', (proxy) => {
  it.each([
    ['with a frontend', () => project],
    ['without one', () => bare],
  ])('is taken by docker compose %s', async (_, which) => {
    const { root } = which()
    const out = `deploy/${proxy}`
    const result = await runCli(['export', 'compose', '--proxy', proxy, '--replicas', '3', '--out', out], { cwd: root })
    expect(result.stderr + result.stdout).toContain('Written.')
    expect(result.status).toBe(0)
    const judged = await outcomeOf(await dockerCompose(), ['-f', join(root, out, 'compose.yaml'), 'config', '--format', 'json'])
    expect(judged).toMatchObject({ ok: true })
    const { services } = JSON.parse(judged.text)
    expect(services.backend.deploy.replicas).toBe(3)
    expect(services.backend.depends_on.migrate.condition).toBe('service_completed_successfully')
    expect(services.backend.environment).toMatchObject({ USE_REDIS_FOR_CHANNELS: 'True', REDIS_HOST: 'redis' })
    expect(services.backend.build).toMatchObject({ context: await realpath(root), dockerfile: `${out}/Dockerfile` })
    expect(services.backend.stop_grace_period).toBe('35s')
    expect(services.redis.ports).toBeUndefined()
    // a $ alone would be compose's own, which it is lenient about today
    expect(await readFile(join(root, out, 'compose.yaml'), 'utf8')).toContain('$$(cat /run/secrets/redis-password)')
    expect(Object.keys(services).includes('frontend')).toBe(root === project.root)
  })
})

const read = (name: string): Promise<string> => readFile(join(project.root, 'deploy', name), 'utf8')

describe('the proxies', () => {
  it('nginx takes its file', async () => {
    for (const { root } of [project, bare]) {
      const folder = await mkdtemp(join(tmpdir(), 'nginx-t-'))
      const file = join(folder, 'nginx.conf')
      await writeFile(file, `pid ${folder}/pid; error_log stderr; events {} http { include ${root}/deploy/nginx/nginx.conf; }\n`)
      const judged = await outcomeOf((await nginx()) ?? 'nginx', ['-t', '-c', file, '-p', folder])
      expect(judged.text).toContain('test is successful')
      await rm(folder, { recursive: true })
    }
  })

  it('Caddy takes its file, and finds nothing to format', async () => {
    const binary = await caddy()
    if (binary === undefined) throw new Error('no Caddy on this machine, and no Debian package of it')
    for (const { root } of [project, bare]) {
      const file = join(root, 'deploy', 'caddy', 'Caddyfile')
      const judged = await outcomeOf(binary, ['validate', '--config', file, '--adapter', 'caddyfile'], { HOME: root })
      expect(judged).toMatchObject({ ok: true })
      expect(judged.text).not.toContain('not formatted')
    }
  })

  it('hand the paths of the backend to it, and all others to the frontend', async () => {
    expect([...(await read('nginx/nginx.conf')).matchAll(/location (\S+)/g)].map(([, path]) => path)).toEqual(['/graphql/', '/ws/', '/'])
    expect(await read('caddy/Caddyfile')).toContain('@backend path /graphql/* /ws/*')
    expect(await read('traefik/compose.yaml')).toContain('PathPrefix(`/graphql/`) || PathPrefix(`/ws/`)')
  })
})

describe('kubernetes', () => {
  it.each([
    ['with a frontend', () => project],
    ['without one', () => bare],
  ])('fits the published schemas %s', async (_, which) => {
    const { root } = which()
    const out = join(root, 'deploy', 'kubernetes')
    const result = await runCli(['export', 'kubernetes', '--host', 'vote.example.org'], { cwd: root })
    expect(result.status).toBe(0)
    const manifests = (await readdir(out)).filter((name) => name.endsWith('.yaml'))
    expect(manifests.toSorted()).toEqual([
      'backend.yaml',
      ...(which() === project ? ['frontend.yaml'] : []),
      'ingress.yaml',
      'migrate.yaml',
      'redis.yaml',
    ])
    expect(await kubernetesValidate(...manifests.map((name) => join(out, name)))).toMatchObject({ ok: true })
    expect(await parsed(join(out, 'ingress.yaml'))).toMatchObject([{ spec: { rules: [{ host: 'vote.example.org' }] } }])
    // the grace is longer than the wait before the signal and the drain together
    const [config, deployment] = listOf(await parsed(join(out, 'backend.yaml')))
    expect(config).toMatchObject({ data: { PROBE_PATH: '/ws/election-updates/', REDIS_PORT: '6379' } })
    expect(deployment).toMatchObject({ spec: { replicas: 2, template: { spec: { terminationGracePeriodSeconds: 40 } } } })
  })

  it('the validator refuses what is wrong', async () => {
    const file = join(bare.root, 'wrong.yaml')
    const text = await readFile(join(bare.root, 'deploy', 'kubernetes', 'backend.yaml'), 'utf8')
    await writeFile(file, text.replace('containerPort:', 'containerport:'))
    expect(await kubernetesValidate(file)).toMatchObject({ ok: false })
  })

  it('writes no Secret, and tells the command that makes it of files', async () => {
    const result = await runCli(['export', 'kubernetes', '--host', 'vote.example.org', '--json'], { cwd: bare.root })
    const { next, outcome } = JSON.parse(result.stdout)
    expect(outcome).toBe('unchanged')
    expect(next.join('\n')).toContain('--from-file=redis-password=deploy/kubernetes/secrets/redis-password')
    for (const name of await readdir(join(bare.root, 'deploy', 'kubernetes'))) {
      if (name.endsWith('.yaml'))
        expect(await readFile(join(bare.root, 'deploy', 'kubernetes', name), 'utf8')).not.toContain('kind: Secret')
    }
  })
})

describe('secrets', () => {
  it('are random, their owner’s alone, out of git, kept, and in nothing that is printed', async () => {
    const folder = join(bare.root, 'deploy', 'nginx')
    const files = ['redis-password', 'secret-key'].map((name) => join(folder, 'secrets', name))
    const before = await Promise.all(files.map((file) => readFile(file, 'utf8')))
    // every transcript of the run is searched for them at its end
    for (const value of before) expect(secret(value)).toMatch(/^[0-9a-f]{64}$/)
    for (const file of files) expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(join(folder, 'secrets'))).mode & 0o777).toBe(0o700)
    await run('git', ['init', '-q'], { cwd: bare.root })
    await run('git', ['add', '-A', 'deploy'], { cwd: bare.root })
    const { stdout } = await run('git', ['ls-files', 'deploy/nginx'], { cwd: bare.root })
    expect(stdout).toContain('compose.yaml')
    expect(stdout).not.toMatch(/secret|settings\.env/)
    const again = await runCli(['export', 'compose', '--replicas', '5', '--out', 'deploy/nginx', '--yes'], { cwd: bare.root })
    expect(again.status).toBe(0)
    expect(await Promise.all(files.map((file) => readFile(file, 'utf8')))).toEqual(before)
    for (const value of before) expect(again.stdout + again.stderr).not.toContain(value)
  })
})

const compose = () => join(bare.root, 'deploy', 'mine', 'compose.yaml')

describe('files that are there', () => {
  const changed = ['export', 'compose', '--out', 'deploy/mine', '--replicas', '4']
  beforeAll(async () => {
    await mkdir(join(bare.root, 'deploy', 'mine'), { recursive: true })
    await writeFile(compose(), 'services: {}\n')
    await writeFile(join(bare.root, 'deploy', 'mine', 'settings.env'), `MAIL_PASSWORD=${secret()}\n`)
  })

  it('are shown as a diff and left alone where nobody can be asked, and nothing else is written', async () => {
    const result = await runCli(changed, { cwd: bare.root })
    expect(result.status).toBe(1)
    expect(result.stdout).toContain('-services: {}')
    expect(result.stdout).toContain('+      replicas: 4')
    expect(await readFile(compose(), 'utf8')).toBe('services: {}\n')
    expect((await readdir(join(bare.root, 'deploy', 'mine'))).toSorted()).toEqual(['compose.yaml', 'settings.env'])
  })

  it('are asked for on a terminal, and a no is a no', async () => {
    const cli = startOnTerminal(changed, { cwd: bare.root })
    await cli.waitFor(/Change these files\? \[y\/N\]/)
    cli.child.stdin?.write('n\n')
    expect((await cli.end()).status).toBe(1)
    expect(await readFile(compose(), 'utf8')).toBe('services: {}\n')
  })

  it('change nothing on --dry-run', async () => {
    const result = await runCli([...changed, '--dry-run', '--json'], { cwd: bare.root })
    expect(result.status).toBe(0)
    expect(JSON.parse(result.stdout)).toMatchObject({ outcome: 'dry-run', folder: 'deploy/mine' })
    expect(await readFile(compose(), 'utf8')).toBe('services: {}\n')
  })

  it('are changed with --yes, but for what a person has filled in', async () => {
    const result = await runCli([...changed, '--yes'], { cwd: bare.root })
    expect(result.status).toBe(0)
    expect(await readFile(compose(), 'utf8')).toContain('# Written by: election-dev export compose --proxy nginx --replicas 4')
    expect(await readFile(join(bare.root, 'deploy', 'mine', 'settings.env'), 'utf8')).toContain('MAIL_PASSWORD=')
    expect(result.stdout).not.toContain('MAIL_PASSWORD')
  })
})

describe('what is refused', () => {
  it.each([
    ['a layer in memory', { settings: 'CHANNEL_LAYERS = {}\n', style: 'memory' }, 'layer-inmemory-multi-instance', 'init --settings'],
    ['no requirements', { files: {} }, 'requirements-missing', 'pip freeze'],
  ])('%s', async (_, options, code, hint) => {
    const made = await makeProject('files' in options ? { files: options.files } : { files: requirements })
    if ('style' in options) {
      const file = join(made.backend, 'core', 'settings.py')
      const text = await readFile(file, 'utf8')
      await writeFile(file, text.replace(/if config\("USE_REDIS[^]*?else:\n\s+(CHANNEL_LAYERS.*)/, '$1'))
    }
    const result = await runCli(['export', 'compose'], { cwd: made.root })
    expect(result.status).toBe(1)
    expect(result.stdout + result.stderr).toContain(code)
    expect(result.stdout + result.stderr).toContain(hint)
    expect((await readdir(made.root)).includes('deploy')).toBe(false)
    await made.remove()
  })

  it('a folder outside of the checkout, and a host that is none', async () => {
    const outside = await runCli(['export', 'compose', '--out', '..'], { cwd: bare.root })
    expect(outside.status).toBe(1)
    expect(outside.stderr + outside.stdout).toContain('out-outside')
    const host = await runCli(['export', 'kubernetes', '--host', 'a: b'], { cwd: bare.root })
    expect(host.status).toBe(2)
  })
})

describe('the Procfile', () => {
  it('serves on the platform’s port and migrates before a release', async () => {
    await mkdir(join(bare.backend, 'core'), { recursive: true })
    await writeFile(join(bare.backend, 'core', 'celery.py'), 'app = None\n')
    const result = await runCli(['export', 'procfile'], { cwd: bare.root })
    expect(result.status).toBe(0)
    const text = await readFile(join(bare.root, 'Procfile'), 'utf8')
    expect(text.split('\n').filter((line) => !line.startsWith('#'))).toEqual([
      'web: cd backend && exec daphne --proxy-headers -b 0.0.0.0 -p $PORT core.asgi:application',
      'release: cd backend && python manage.py migrate --no-input',
      'worker: cd backend && exec celery -A core worker --loglevel info',
      '',
    ])
  })
})

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
