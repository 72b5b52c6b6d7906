/** Server: facts in, one cause out. */
import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/checks/evidence.ts'
import { judge } from '../../src/checks/judgement.ts'
import { environmentWith, evidenceOf, examinationOf, failing, nothingListens, serverOf, unstarted } from '../support/evidence.ts'
import { broken, ended, endpoint, failed, machine, opened, page, refused, silent, stranger } from '../support/serving.ts'

const on = (server: ReturnType<typeof serverOf>, wire = failed(refused(404, { server: 'x' })), more: Partial<Evidence> = {}): Evidence =>
  evidenceOf({ wire, servers: machine([server]), ...more })
const gunicorn = (application: string, workerClass?: string) => serverOf({}, { program: 'gunicorn', application, workerClass })
const hangs = failed(silent, { http: { result: 'silent', elapsedMs: 5000 } })
const crashed = examinationOf({ how: 'crashed', stage: 'consumer', facts: { consumer: null } })

describe('names it', () => {
  test.each<[string, Evidence, RegExp]>([
    ['server-not-running: nothing listens, and nothing would stop a start', unstarted(), /ECONNREFUSED/],
    [
      'server-not-running: a proxy says 502',
      evidenceOf({
        wire: failed(refused(502, { server: 'nginx/1.22.1' })),
        servers: machine([stranger(['nginx: master process nginx'])], []),
      }),
      /502/,
    ],
    [
      'wsgi-server-on-port: runserver without the daphne app',
      on(serverOf({}, { program: 'runserver', application: undefined })),
      /INSTALLED_APPS/,
    ],
    ['wsgi-server-on-port: runserver --noasgi', on(serverOf({}, { program: 'runserver', noAsgi: true })), /--noasgi/],
    [
      'wsgi-server-on-port: runsslserver, behind a certificate that nobody trusts',
      on(
        serverOf({ argv: ['python', 'manage.py', 'runsslserver'] }, { program: 'runserver', noAsgi: true, tls: true }),
        failed(broken('DEPTH_ZERO_SELF_SIGNED_CERT'), {
          endpoint: endpoint({ secure: true }),
          experiments: { tls: { result: 'tls', trusted: false, problem: 'DEPTH_ZERO_SELF_SIGNED_CERT' } },
        }),
      ),
      /runsslserver serves WSGI alone, over TLS/,
    ],
    ['wsgi-server-on-port: gunicorn with the WSGI application', on(gunicorn('core.wsgi')), /core\.wsgi/],
    [
      'wsgi-server-on-port: by the Server header alone',
      evidenceOf({ wire: failed(refused(404, { server: 'WSGIServer/0.2 CPython/3.11' })), servers: machine([]) }),
      /WSGIServer/,
    ],
    [
      'asgi-app-under-wsgi-server: gunicorn without -k',
      on(gunicorn('core.asgi:application'), failed(refused(500, { server: 'gunicorn' }))),
      /sync/,
    ],
    ['asgi-app-under-wsgi-server: -k gthread', on(gunicorn('core.asgi:application', 'gthread'), failed(refused(500))), /gthread/],
    ['asgi-app-wrong: daphne core.wsgi', on(serverOf({}, { application: 'core.wsgi:application' }), failing), /core\.wsgi/],
    [
      'asgi-app-wrong: asgi.py has a WSGIHandler',
      evidenceOf({ wire: failing, examination: examinationOf({ facts: { application: { kind: 'wsgi', websocket: false, routes: [] } } }) }),
      /WSGIHandler/,
    ],
    ['ws-library-missing: uvicorn --ws none', on(serverOf({}, { program: 'uvicorn', ws: 'none' })), /--ws none/],
    [
      'ws-library-missing: neither websockets nor wsproto',
      on(serverOf({}, { program: 'uvicorn' }), failed(refused(404)), {
        choice: { kind: 'ready', environment: environmentWith(['django', 'channels', 'uvicorn']), note: undefined },
      }),
      /neither websockets nor wsproto/,
    ],
    ['server-suspended: state T', on(serverOf({ state: 'stopped' }), hangs), /is T/],
    [
      'server-crashes: nothing listens after the first message',
      evidenceOf({ wire: ended(1006, { second: { handshake: broken('ECONNREFUSED'), close: undefined, listens: false } }) }),
      /ECONNREFUSED/,
    ],
    [
      'server-crashes: a reloader hides it',
      evidenceOf({ wire: ended(1006, { second: { handshake: silent, close: undefined, listens: true } }), examination: crashed }),
      /Played/,
    ],
    [
      'server-crashes: importing the application ends the process',
      unstarted({ examination: examinationOf({ how: 'crashed', stage: 'application', facts: { application: null } }) }),
      /own interpreter ended during it/,
    ],
    [
      'server-websocket-timeout: it closed within the hold',
      on(serverOf({}, { websocketTimeout: 2 }), ended(1000)),
      /--websocket_timeout 2/,
    ],
    [
      'server-websocket-timeout: longer than anybody holds it',
      on(serverOf({}, { websocketTimeout: 300 }), undefined, { wire: evidenceOf().wire }),
      /300/,
    ],
  ])('%s', (title, evidence, telling) => {
    const { root } = judge(evidence)
    expect(root?.id, root?.evidence.join('\n')).toBe(title.split(':')[0])
    expect(root?.evidence.join('\n')).toMatch(telling)
  })
})

describe('does not name it', () => {
  test.each<[string, Evidence, string | undefined]>([
    [
      'server-not-running: the name has no address',
      evidenceOf({ wire: { ...nothingListens, nameError: 'ENOTFOUND' }, servers: machine([]) }),
      'server-not-running',
    ],
    [
      'server-not-running: a server of the project is up elsewhere',
      unstarted({ servers: machine([], [serverOf({ listens: [{ address: '127.0.0.1', port: 8001 }] })]) }),
      'wrong-frontend-port',
    ],
    [
      'wsgi-server-on-port: runserver with the daphne app, and no route',
      on(serverOf({}, { program: 'runserver' }), failing, {
        examination: examinationOf({ facts: { settings: { daphne_app: 'before-staticfiles' }, application: { routes: [] } } }),
      }),
      'no-websocket-route',
    ],
    [
      'asgi-app-under-wsgi-server: -k uvicorn.workers.UvicornWorker, and no route',
      on(gunicorn('core.asgi:application', 'uvicorn.workers.UvicornWorker'), failing, {
        examination: examinationOf({ facts: { application: { routes: [] } } }),
      }),
      'no-websocket-route',
    ],
    [
      'asgi-app-wrong: daphne core.asgi whose consumer raises',
      evidenceOf({
        wire: failing,
        examination: examinationOf({
          facts: {
            consumer: {
              outcome: 'raised',
              raised: { type: 'ValueError', message: 'x', file: 'updates/consumers.py', line: 6, frames: [], causes: [] },
            },
          },
        }),
      }),
      'consumer-exception',
    ],
    ['ws-library-missing: uvicorn with websockets', on(serverOf({}, { program: 'uvicorn' }), evidenceOf().wire), undefined],
    [
      'server-suspended: state S, blocked by a consumer',
      evidenceOf({
        wire: failed(silent, { http: page(200, 'daphne'), experiments: { httpAfter: { result: 'silent', elapsedMs: 1500 } } }),
      }),
      'sync-consumer-blocks',
    ],
    [
      'server-crashes: the socket dies, and the next one lives',
      evidenceOf({ wire: ended(1006, { second: { handshake: opened, close: undefined, listens: undefined } }) }),
      'consumer-exception',
    ],
    [
      'server-crashes: the look from inside died of something that a start does not do',
      unstarted({ examination: examinationOf({ how: 'crashed', stage: 'database', facts: { consumer: null, database: null } }) }),
      'server-not-running',
    ],
    [
      'server-crashes: the look from inside died elsewhere',
      evidenceOf({
        wire: ended(1006),
        examination: examinationOf({ how: 'crashed', stage: 'database', facts: { consumer: null, database: null } }),
      }),
      'consumer-exception',
    ],
    ['server-websocket-timeout: a close of 1000 without the option', evidenceOf({ wire: ended(1000) }), 'close-after-accept'],
    ['server-websocket-timeout: -1', on(serverOf({}, { websocketTimeout: undefined }), evidenceOf().wire), undefined],
    ['healthy', evidenceOf(), undefined],
    [
      'healthy: no project, no process to be seen',
      evidenceOf({ checkout: undefined, choice: undefined, examination: undefined, servers: machine([]) }),
      undefined,
    ],
    [
      'healthy: a URL of another path',
      evidenceOf({ wire: { ...evidenceOf().wire, endpoint: endpoint({ path: '/ws/other/' }) } }),
      undefined,
    ],
  ])('%s', (_, evidence, id) => {
    expect(judge(evidence).root?.id).toBe(id)
  })
})

test('a WSGI server of this project is ended by the start that takes its place', () => {
  const { root } = judge(on(serverOf({}, { program: 'runserver', application: undefined })))
  expect(root?.remedy.commands).toEqual([['election-dev', 'start', '--port', '8000', '--takeover']])
})
