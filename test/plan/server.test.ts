import { describe, expect, test } from 'vitest'
import type { ServerName } from '../../src/servers/known.ts'
import { chooseServer, serverArguments, servesFromChild } from '../../src/plan/server.ts'

/** name==version, as the environment has them. */
function packages(...names: string[]): Map<string, string> {
  return new Map(names.map((name) => [name.split('==')[0] ?? '', name.split('==')[1] ?? '4.2']))
}

describe('which server', () => {
  test.each<[string, string[], boolean, ServerName | undefined, string]>([
    ['daphne before all', ['daphne', 'uvicorn', 'websockets', 'hypercorn'], false, undefined, 'daphne'],
    ['daphne before runserver', ['daphne'], true, undefined, 'daphne'],
    ['uvicorn with websockets', ['uvicorn', 'websockets', 'hypercorn'], false, undefined, 'uvicorn'],
    ['uvicorn with wsproto', ['uvicorn', 'wsproto'], false, undefined, 'uvicorn'],
    ['uvicorn without a library loses to hypercorn', ['uvicorn', 'hypercorn'], false, undefined, 'hypercorn'],
    ['hypercorn', ['hypercorn'], false, undefined, 'hypercorn'],
    ['the one that is asked for', ['daphne', 'hypercorn'], false, 'hypercorn', 'hypercorn'],
    ['runserver, asked for, with the daphne app', ['daphne'], true, 'runserver', 'runserver'],
    ['runserver, asked for, of Channels 3', ['daphne', 'channels==3.0.5'], false, 'runserver', 'runserver'],
    ['none: a daphne that is no module', ['daphne==2.5.0', 'channels==3.0.5'], false, undefined, 'daphne-missing'],
    ['not a daphne that is no module', ['daphne==2.5.0', 'hypercorn'], false, undefined, 'hypercorn'],
    ['none: none is installed', ['Django', 'gunicorn'], false, undefined, 'daphne-missing'],
    ['none: uvicorn without a library says more', ['uvicorn'], false, undefined, 'ws-library-missing'],
    ['none: asked for and not installed, though another is', ['daphne'], false, 'uvicorn', 'daphne-missing'],
    ['none: uvicorn asked for without a library, though daphne is there', ['daphne', 'uvicorn'], false, 'uvicorn', 'ws-library-missing'],
    ['none: runserver without the daphne app speaks WSGI', ['daphne'], false, 'runserver', 'daphne-missing'],
    ['none: runserver with the app and without daphne', [], true, 'runserver', 'daphne-missing'],
  ])('%s', (_, names, hasDaphneApp, wanted, chosen) => {
    const choice = chooseServer({ packages: packages(...names), hasDaphneApp, wanted })
    expect(choice.kind === 'server' ? choice.name : choice.id).toBe(chosen)
    if (choice.kind === 'none') expect(choice.install.length).toBeGreaterThan(0)
    else expect(choice.version).toBe('4.2')
  })
})

describe('its arguments', () => {
  test.each<[ServerName, string, boolean, string]>([
    ['daphne', '127.0.0.1', false, '-m daphne -b 127.0.0.1 -p 8000 core.asgi:application'],
    ['daphne', '::1', true, '-m daphne -b ::1 -p 8000 core.asgi:application'],
    [
      'uvicorn',
      '127.0.0.1',
      false,
      '-m uvicorn --host 127.0.0.1 --port 8000 --timeout-graceful-shutdown 2 --no-use-colors core.asgi:application',
    ],
    ['uvicorn', '::1', true, '-m uvicorn --host ::1 --port 8000 --timeout-graceful-shutdown 2 --use-colors core.asgi:application'],
    ['hypercorn', '0.0.0.0', false, '-m hypercorn --bind 0.0.0.0:8000 --workers 0 --graceful-timeout 2 core.asgi:application'],
    ['hypercorn', '::1', false, '-m hypercorn --bind [::1]:8000 --workers 0 --graceful-timeout 2 core.asgi:application'],
    ['runserver', '127.0.0.1', false, 'manage.py runserver --noreload --no-color 127.0.0.1:8000'],
    ['runserver', '::', true, 'manage.py runserver --noreload --force-color [::]:8000'],
  ])('%s on %s, colour %s', (name, host, color, line) => {
    expect(serverArguments({ name, version: '0.40.0', application: 'core.asgi:application', host, port: 8000, color }).join(' ')).toBe(line)
  })

  test.each<[ServerName, string, string, boolean]>([
    ['uvicorn', '0.17.6', '--timeout-graceful-shutdown', false],
    ['uvicorn', '0.21.1', '--timeout-graceful-shutdown', false],
    ['uvicorn', '0.22.0', '--timeout-graceful-shutdown', true],
    ['uvicorn', '1.0', '--timeout-graceful-shutdown', true],
    ['hypercorn', '0.13.2', '--workers 1', true],
    ['hypercorn', '0.14.4', '--workers 1', true],
    ['hypercorn', '0.15.0', '--workers 0', true],
  ])('%s %s: %s %s', (name, version, flag, has) => {
    const line = serverArguments({ name, version, application: 'core.asgi:application', host: '::1', port: 8000, color: false }).join(' ')
    expect(line.includes(flag)).toBe(has)
  })

  test.each<[ServerName, string, boolean]>([
    ['hypercorn', '0.13.2', false],
    ['hypercorn', '0.14.4', true],
    ['hypercorn', '0.15.0', false],
    ['uvicorn', '0.14.0', false],
  ])('%s %s serves from a child: %s', (name, version, is) => {
    expect(servesFromChild({ name, version })).toBe(is)
  })
})
