/** The causes in start-up and routing: facts in, one cause out. */
import { describe, expect, test } from 'vitest'
import type { Evidence } from '../../src/checks/evidence.ts'
import { judge } from '../../src/checks/judgement.ts'
import {
  checkoutOf,
  dotenvOf,
  deaf,
  evidenceOf,
  examinationOf,
  failing,
  handshakes,
  serverOf,
  unstarted,
  wireOf,
  type Looked,
} from '../support/evidence.ts'

const raised = (type: string, message: string, more: Partial<NonNullable<Looked['errors']>[number]> = {}, facts: Looked['facts'] = {}) =>
  examinationOf({
    facts: { application: null, consumer: null, ...facts },
    errors: [{ stage: 'application', type, message, file: 'core/asgi.py', line: 8, ...more }],
  })
const uvicorn = (application: string) => serverOf({}, { program: 'uvicorn', application, reload: true })
const runserver = serverOf({ argv: ['python', 'manage.py', 'runserver'] }, { program: 'runserver', application: undefined })
const noSetting = { asgi_setting: { ok: false, value: null, message: 'You have not set ASGI_APPLICATION', kind: null } }
const notFound = "No route found for path 'ws/election-updates/'."
const unrouted = (routes: { route: string; consumer: string; is_class: boolean }[]) =>
  examinationOf({
    facts: {
      application: { routes },
      consumer: { outcome: 'raised', raised: { type: 'ValueError', message: notFound, frames: [], causes: [] } },
    },
  })

const unscoped = (lacks: { name: string; has?: string[] }) =>
  evidenceOf({
    wire: failing,
    examination: examinationOf({
      facts: {
        application: { middleware: ['OriginValidator'], routes: [{ route: 'ws/election-updates/', consumer: 'Updates', is_class: false }] },
        consumer: { outcome: 'raised', raised: { type: 'KeyError', message: `'${lacks.name}'`, frames: [], causes: [], lacks } },
      },
    }),
  })

describe('names', () => {
  test.each<[string, Evidence, string]>([
    [
      'asgi-syntax-error',
      unstarted({
        examination: raised('SyntaxError', "'[' was never closed (consumers.py, line 14)", { file: 'updates/consumers.py', line: 14 }),
      }),
      'updates/consumers.py:14',
    ],
    [
      'asgi-syntax-error: in the settings',
      unstarted({
        examination: examinationOf({
          facts: { settings: null, application: null, consumer: null },
          errors: [
            {
              stage: 'settings',
              type: 'IndentationError',
              message: 'unexpected indent (settings.py, line 2)',
              file: 'core/settings.py',
              line: 2,
            },
          ],
        }),
      }),
      'core/settings.py:2',
    ],
    [
      'asgi-import-error',
      unstarted({ examination: raised('ImportError', "cannot import name 'Updates' from 'updates.consumers'") }),
      'core/asgi.py:8',
    ],
    [
      'asgi-import-error: an exception of the project, whichever it is',
      unstarted({ examination: raised('KeyError', "'limit'") }),
      "KeyError: 'limit'",
    ],
    [
      'asgi-import-error: a module of the project is missing',
      unstarted({ examination: raised('ModuleNotFoundError', "No module named 'updates.rooms'") }),
      'updates.rooms',
    ],
    ['apps-not-ready', unstarted({ examination: raised('AppRegistryNotReady', "Apps aren't loaded yet.") }), 'AppRegistryNotReady'],
    [
      'apps-not-ready: the settings are not named',
      unstarted({
        examination: raised('ImproperlyConfigured', 'Requested setting INSTALLED_APPS, but settings are not configured. You must …'),
      }),
      'not configured',
    ],
    [
      'apps-not-ready: runserver imports it',
      unstarted({ examination: raised('AppRegistryNotReady', "Apps aren't loaded yet."), otherwise: 'runserver' }),
      'manage.py runserver sets Django up first',
    ],
    [
      'apps-not-ready: manage.py names the settings',
      unstarted({ examination: raised('ImproperlyConfigured', 'settings are not configured.'), otherwise: 'manage' }),
      'After what manage.py does first',
    ],
    [
      'wrong-settings-module: manage.py names others',
      unstarted({
        examination: raised('ModuleNotFoundError', "No module named 'core.setings'", { settings_module: 'core.setings' }),
        otherwise: 'manage',
      }),
      'core/asgi.py:8',
    ],
    [
      'env-not-loaded: manage.py loads it',
      unstarted({
        examination: raised('KeyError', "'BARN_SECRET'"),
        dotenv: dotenvOf('A=1\nBARN_SECRET=x\n'),
        otherwise: 'manage',
      }),
      'backend/.env:2 has it',
    ],
    [
      'asgi-import-error: manage.py puts the apps on the path',
      unstarted({ examination: raised('ModuleNotFoundError', "No module named 'ballots'"), otherwise: 'manage' }),
      'After what manage.py does first',
    ],
    [
      'system-check-failed: the daphne app is there for runserver',
      unstarted({
        examination: examinationOf({ facts: { settings: { daphne_app: 'before-staticfiles' }, checks: { failed: [brokenRelation] } } }),
      }),
      'shop.Item.owner: (fields.E300)',
    ],
    [
      'system-check-failed: a runserver that lives with nothing listening',
      deaf(runserver, { examination: examinationOf({ facts: { checks: { failed: [brokenRelation] } } }) }),
      'shop.Item.owner: (fields.E300)',
    ],
    [
      'system-check-failed: the tables can not be made',
      unstarted({
        examination: examinationOf({
          facts: { database: { state: 'empty' }, checks: { failed: ["?: (urls.E004) Your URL pattern 'a' is invalid."] } },
        }),
      }),
      '(urls.E004)',
    ],
    ['asgi-attribute-missing: as a living server was told', deaf(uvicorn('core.asgi:app')), 'uvicorn (PID 4711)'],
    [
      'asgi-attribute-missing: as the doctor was told',
      unstarted({
        checkout: checkoutOf({}, { application: 'core.asgi:app', applicationSource: '--application' }),
        examination: raised('AttributeError', "module 'core.asgi' has no attribute 'app'"),
      }),
      "has no attribute 'app'",
    ],
    [
      'asgi-application-setting-wrong: not set',
      unstarted({ examination: examinationOf({ facts: { ...noSetting, settings: { daphne_app: 'before-staticfiles' } } }) }),
      'You have not set ASGI_APPLICATION',
    ],
    [
      'asgi-application-setting-wrong: it names another module',
      deaf(runserver, {
        checkout: checkoutOf({}, { application: 'core.routing:application' }),
        examination: raised(
          'AttributeError',
          "module 'core.routing' has no attribute 'application'",
          {},
          {
            asgi_setting: {
              ok: false,
              value: 'core.routing.application',
              message: "Cannot find 'application' in ASGI_APPLICATION module core.routing",
              kind: null,
            },
            settings: { daphne_app: 'before-staticfiles' },
          },
        ),
      }),
      'runserver (PID 4711) runs and listens nowhere',
    ],
    [
      'asgi-application-setting-wrong: it is the WSGI application',
      evidenceOf({
        wire: failing,
        servers: { onPorts: [runserver], ofProject: [runserver], source: '/proc', problem: undefined },
        checkout: checkoutOf({}, { application: 'core.wsgi:application' }),
        examination: examinationOf({
          facts: { settings: { daphne_app: 'before-staticfiles' }, application: { kind: 'wsgi', websocket: false, routes: [] } },
        }),
      }),
      'core.wsgi.application, which is a WSGIHandler',
    ],
    [
      'daphne-app-order',
      deaf(runserver, { examination: examinationOf({ facts: { settings: { daphne_app: 'after-staticfiles' } } }) }),
      'daphne.E001',
    ],
    [
      'http-only-asgi',
      evidenceOf({
        wire: failing,
        examination: examinationOf({ facts: { application: { kind: 'http-only', websocket: false, routes: [] } } }),
      }),
      'get_asgi_application()',
    ],
    [
      'http-only-asgi: a router without it',
      evidenceOf({ wire: failing, examination: examinationOf({ facts: { application: { websocket: false, routes: [] } } }) }),
      '"websocket"',
    ],
    [
      'no-websocket-route',
      evidenceOf({ wire: failing, examination: unrouted([{ route: 'ws/results/', consumer: 'Updates', is_class: false }]) }),
      'ws/results/',
    ],
    [
      'no-websocket-route: a slash at its start',
      evidenceOf({ wire: failing, examination: unrouted([{ route: '/ws/election-updates/', consumer: 'Updates', is_class: false }]) }),
      'begins with a slash',
    ],
    [
      'no-websocket-route: a middleware of the project makes a refusal of it',
      evidenceOf({
        wire: wireOf({
          handshake: handshakes.denied,
          session: undefined,
          experiments: { unknownPath: handshakes.denied, otherOrigins: [] },
        }),
        examination: examinationOf({
          facts: {
            application: { routes: [{ route: 'ws/results/', consumer: 'Updates', is_class: false }] },
            consumer: { outcome: 'closed', refused_by: 'Quiet' },
          },
        }),
      }),
      'Quiet turns it into a refusal',
    ],
    [
      'as-asgi-missing',
      evidenceOf({
        wire: failing,
        examination: examinationOf({
          facts: { application: { routes: [{ route: 'ws/election-updates/', consumer: 'Updates', is_class: true }] } },
        }),
      }),
      'Updates',
    ],
    ['middleware-missing', unscoped({ name: 'user' }), 'Around the routes: OriginValidator'],
    ['middleware-missing: no router', unscoped({ name: 'url_route' }), "KeyError: 'url_route'"],
    ['route-parameter-missing', unscoped({ name: 'room_name', has: ['room'] }), 'The route ws/election-updates/ has the parameter room'],
  ])('%s', (title, evidence, telling) => {
    const { root: cause } = judge(evidence)
    expect(cause?.id, cause?.evidence.join('\n')).toBe(title.replace(/:.*/s, ''))
    expect(cause?.evidence.join('\n')).toContain(telling)
  })
})

const brokenRelation =
  "shop.Item.owner: (fields.E300) Field defines a relation with model 'Missing', which is either not installed, or is abstract."

describe('does not name', () => {
  test.each<[string, Evidence]>([
    ['asgi-syntax-error: another mistake', unstarted({ examination: raised('KeyError', "'limit'") })],
    ['asgi-import-error: a package is missing', unstarted({ examination: raised('ModuleNotFoundError', "No module named 'jwt'") })],
    [
      'apps-not-ready: a setting is missing',
      unstarted({ examination: raised('ImproperlyConfigured', 'The SECRET_KEY setting must not be empty.') }),
    ],
    ['asgi-attribute-missing: the server was told right', deaf(uvicorn('core.asgi:application'))],
    [
      'asgi-attribute-missing: another attribute is missing',
      unstarted({ examination: raised('AttributeError', "module 'updates.rooms' has no attribute 'ROOMS'") }),
    ],
    ['asgi-application-setting-wrong: no runserver of daphne reads it', unstarted({ examination: examinationOf({ facts: noSetting }) })],
    [
      'asgi-application-setting-wrong: the server that runs does not read it',
      evidenceOf({ examination: examinationOf({ facts: noSetting }) }),
    ],
    [
      'daphne-app-order: it stands first',
      unstarted({ examination: examinationOf({ facts: { settings: { daphne_app: 'before-staticfiles' } } }) }),
    ],
    [
      'http-only-asgi: a WebSocket application of the project',
      evidenceOf({ wire: failing, examination: examinationOf({ facts: { application: { routes: [] } } }) }),
    ],
    [
      'no-websocket-route: the Origin is refused first',
      evidenceOf({
        wire: wireOf({
          handshake: handshakes.denied,
          session: undefined,
          experiments: { unknownPath: handshakes.denied, otherOrigins: [] },
        }),
        examination: examinationOf({
          facts: {
            application: { routes: [{ route: 'ws/results/', consumer: 'Updates', is_class: false }] },
            consumer: { outcome: 'closed', refused_by: 'OriginValidator' },
          },
        }),
      }),
    ],
    [
      'as-asgi-missing: the class is in the route of another path',
      evidenceOf({
        wire: failing,
        examination: examinationOf({
          facts: {
            application: {
              routes: [
                { route: 'old/', consumer: 'Old', is_class: true },
                { route: 'ws/election-updates/', consumer: 'Updates', is_class: false },
              ],
            },
          },
        }),
      }),
    ],
  ])('%s', (title, evidence) => {
    const { root: cause, explained } = judge(evidence)
    expect([cause, ...explained].map((one) => one?.id)).not.toContain(title.replace(/:.*/s, ''))
  })
})

test('no-websocket-route: a route with a parameter fits, and the consumer raises', () => {
  const evidence = evidenceOf({
    wire: failing,
    examination: examinationOf({
      facts: {
        application: { routes: [{ route: 'ws/<slug:name>/', consumer: 'Updates', is_class: false }] },
        consumer: { outcome: 'raised', raised: { type: 'KeyError', message: "'x'", frames: [], causes: [] } },
      },
    }),
  })
  expect(judge(evidence).root?.id).toBe('consumer-exception')
})

test('an application that a flag names in vain, its package as well: never a package to install', () => {
  const { root } = judge(
    unstarted({
      given: [
        ['--application', 'wrong.asgi:application'],
        ['--port', '9000'],
      ],
      checkout: checkoutOf({}, { application: 'wrong.asgi:application', applicationSource: '--application' }),
      examination: raised('ModuleNotFoundError', "No module named 'wrong'"),
    }),
  )
  expect(root).toMatchObject({
    id: 'asgi-attribute-missing',
    title: "--application names wrong.asgi:application, which isn't there",
    remedy: { commands: [['election-dev', 'start', '--application', 'core.asgi:application', '--port', '9000']] },
  })
})

test('ASGI_APPLICATION is to name what asgi.py has, whatever it is called', () => {
  const setting = { ok: false, value: 'shop.asgi.application', message: "module 'shop.asgi' has no attribute 'application'", kind: null }
  const { root } = judge(
    unstarted({
      checkout: checkoutOf({}, { application: 'shop.asgi:application', applicationThere: 'shop.asgi:channels_app' }),
      examination: raised('AttributeError', setting.message, {}, { asgi_setting: setting }),
    }),
  )
  expect(root).toMatchObject({ id: 'asgi-application-setting-wrong', remedy: { text: 'ASGI_APPLICATION = "shop.asgi.channels_app".' } })
})
