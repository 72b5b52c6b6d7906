/** A project on many combinations of versions: proven over Redis, found sound by `doctor`, its idle sockets alive; or told why they won't be. */
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { runCli, startCli } from '../support/cli.ts'
import { endOf } from '../support/idle.ts'
import { rows, tooOld, type MatrixRow } from '../support/matrix-rows.ts'
import { prepareRow, serverOf } from '../support/matrix.ts'
import { makeProject } from '../support/project.ts'
import { freePort, startRedis } from '../support/redis.ts'

interface Ready {
  readonly websocket: {
    readonly state: string
    readonly diagnosis?: { readonly id: string }
    readonly broadcast?: { readonly sent: number; readonly received: number } | null
  }
  readonly backend: { readonly server: string; readonly serverVersion: string; readonly django: string }
}
interface Doctor {
  readonly state: string
  readonly diagnosis: { readonly id: string } | null
  readonly findings: readonly { readonly id: string; readonly status: string }[]
}
/** What was seen of a project in one start. */
interface Seen {
  readonly start: string
  readonly doctor: string
  readonly idle: string
  readonly end: number | string | null
}

/** Longer than redis-py 8 reads (5 s), with a tick of daphne's. */
const idleMs = 8_000
const green: Seen = { start: 'connected 2/2', doctor: 'healthy', idle: 'lives', end: 130 }
/** The hosts of the tutorial under redis-py 8, with every channels_redis there is (django/channels_redis#422). */
const strikes: Seen = { start: 'not-connected redis-client-timeout', doctor: 'redis-client-timeout', idle: 'ends 1011', end: 130 }

/** The table's line of each row. */
const lines = new Map<string, string>()
afterAll(() => {
  const head = '| Python | Django | Channels | redis-py | Redis | server | result | ms |\n|---|---|---|---|---|---|---|---|'
  process.stdout.write(`${head}\n${[...lines.values()].join('\n')}\n`)
})

/** Starts the project, asks the doctor, leaves a socket idle, ends it. `ms`: until the WebSocket was proven or not. */
async function look(cwd: string): Promise<{ seen: Seen; backend: Ready['backend']; ms: number }> {
  const port = await freePort('127.0.0.1')
  const began = performance.now()
  const cli = startCli(['start', '--json', '--no-frontend', '--no-watch', '--port', String(port)], { cwd })
  try {
    const [line] = await cli.waitFor(/.*"event":"ready".*\n/)
    const ms = Math.round(performance.now() - began)
    const { websocket, backend }: Ready = JSON.parse(line)
    const { sent, received } = websocket.broadcast ?? { sent: 0, received: 0 }
    const start = `${websocket.state} ${websocket.diagnosis?.id ?? `${received}/${sent}`}`
    const [said, code] = [await doctor(cwd, port), await endOf(port, idleMs).catch(() => 'refused')]
    const { status, signal } = await cli.end('SIGINT')
    return {
      seen: {
        start,
        doctor: said,
        idle: code === undefined ? 'lives' : typeof code === 'number' ? `ends ${code}` : code,
        end: signal ?? status,
      },
      backend,
      ms,
    }
  } finally {
    await cli.end('SIGKILL')
  }
}

async function doctor(cwd: string, port: number): Promise<string> {
  const { stdout } = await runCli(['doctor', '--json', '--port', String(port)], { cwd })
  const { state, diagnosis, findings }: Doctor = JSON.parse(stdout)
  const wrong = findings.filter(({ status }) => status === 'fail' || status === 'unknown').map(({ id }) => id)
  return [...new Set([diagnosis?.id ?? state, ...wrong])].join(' ')
}

/** A project over that Redis, in that environment. */
async function projectOf(environment: string, port: number, hosts: string): Promise<string> {
  const layer = `{"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [${hosts.replace('PORT', String(port))}]}}`
  const project = await makeProject({ style: 'plain', environment: undefined, settings: `CHANNEL_LAYERS = {"default": ${layer}}` })
  onTestFinished(project.remove)
  await symlink(environment, join(project.backend, 'venv'))
  return project.root
}

/** What was seen, in a word. */
const words = ({ start, doctor: said, idle }: Seen) => `${start} · ${said} · idle ${idle}`

/** The parts of a row, its Redis started; why there are none, where one can't be had here. */
async function partsOf(row: MatrixRow) {
  const [environment, server] = [await prepareRow(row), await serverOf(row)]
  if (environment === undefined) return `no Python ${row.python} can be had here`
  if (server === undefined) return `no Redis ${row.redis} can be had here`
  const redis = await startRedis({ program: server })
  onTestFinished(redis.stop)
  const info = String(await redis.command('INFO', 'server'))
  // Valkey tells a redis_version too, which is that of its protocol
  const [, name = '', version = ''] = /^(valkey)_version:(\S+)/m.exec(info) ?? /^(redis)_version:(\S+)/m.exec(info) ?? []
  expect(row.redis === 'valkey' ? name : version).toMatch(new RegExp(`^${row.redis}\\b`))
  return { environment, port: redis.port, server: `${name} ${version}` }
}

const titleOf = ({ python, django, channels, redisPy, redis }: MatrixRow) =>
  `Python ${python}, Django ${django}, Channels ${channels}, redis-py ${redisPy}, Redis ${redis}`

function teller(row: MatrixRow) {
  const { python, django, channels, redisPy, redis } = row
  const tell = (result: string, ms: number | '' = '', seen = [django, channels, redisPy, redis, '']) =>
    void lines.set(titleOf(row), `| ${[python, ...seen, result, ms].join(' | ')} |`)
  tell('failed')
  return tell
}

test.for(rows.map((row) => [titleOf(row), row] as const))('%s', { timeout: 300_000 }, async ([, row], { skip }) => {
  const { django, channels, redisPy } = row
  const tell = teller(row)
  const parts = await partsOf(row)
  if (typeof parts === 'string') {
    tell(`skipped: ${parts}`)
    return skip(parts)
  }
  const asWritten = await look(await projectOf(parts.environment, parts.port, '("127.0.0.1", PORT)'))
  const isStruck = redisPy === '8'
  expect(asWritten.seen).toEqual(isStruck ? strikes : green)
  const unlimited = '{"host": "127.0.0.1", "port": PORT, "socket_timeout": None}'
  const { seen, backend, ms } = isStruck ? await look(await projectOf(parts.environment, parts.port, unlimited)) : asWritten
  expect(seen).toEqual(green)
  expect(backend.django).toMatch(new RegExp(`^${django}\\b`))
  const result = isStruck ? `${words(asWritten.seen)}; without the limit: ${words(seen)}` : words(seen)
  tell(result, ms, [backend.django, channels, redisPy, parts.server, `${backend.server} ${backend.serverVersion}`])
})

test(`${titleOf(tooOld)}: named`, { timeout: 300_000 }, async ({ skip }) => {
  const tell = teller(tooOld)
  const parts = await partsOf(tooOld)
  if (typeof parts === 'string') {
    tell(`skipped: ${parts}`)
    return skip(parts)
  }
  const { seen, backend, ms } = await look(await projectOf(parts.environment, parts.port, '("127.0.0.1", PORT)'))
  expect(seen).toEqual({ start: 'not-connected redis-too-old', doctor: 'redis-too-old', idle: 'refused', end: 130 })
  const { django, server, serverVersion } = backend
  tell(words(seen), ms, [django, tooOld.channels, tooOld.redisPy, parts.server, `${server} ${serverVersion}`])
})
