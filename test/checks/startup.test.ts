/** Why a server isn't there. */
import { expect, test } from 'vitest'
import { evidenceOfWire } from '../../src/checks/evidence.ts'
import { judge } from '../../src/checks/judgement.ts'
import { nothingListens } from '../support/evidence.ts'

const exit = { exitCode: 1, signal: undefined, afterMs: 300, spawnError: undefined }
const died = { kind: 'died', exit, lines: [] as readonly string[], port: 8000, portTaken: false } as const

test.each([
  ['venv-broken', { ...died, exit: { ...exit, exitCode: undefined, spawnError: 'ENOENT spawn python' } }],
  [
    'port-in-use',
    { ...died, exit: { ...exit, exitCode: 0 }, lines: ['CRITICAL Listen failure: [Errno 98] Address already in use.'], portTaken: true },
  ],
  ['env-not-loaded', { ...died, lines: ['decouple.UndefinedValueError: SECRET_KEY not found.'] }],
  [
    'server-crashes',
    { ...died, exit: { ...exit, exitCode: undefined, signal: 'SIGSEGV' }, lines: ['decouple.UndefinedValueError: SECRET_KEY not found.'] },
  ],
  ['server-crashes', { ...died, exit: { ...exit, exitCode: 0 } }],
  [
    'settings-import-hang',
    { kind: 'silent', lines: ["ERROR: ASGI 'lifespan' protocol appears unsupported."], port: 8000, afterMs: 60_000 },
  ],
  [
    'asgi-syntax-error',
    {
      kind: 'silent',
      lines: ['Traceback (most recent call last):', '  File "a.py", line 1', "SyntaxError: '(' was never closed"],
      port: 8000,
      afterMs: 60_000,
    },
  ],
  [
    'daphne-app-order',
    {
      kind: 'silent',
      lines: ['SystemCheckError: System check identified some issues:', '?: (daphne.E001) Daphne must be listed before'],
      port: 8000,
      afterMs: 60_000,
    },
  ],
] as const)('%s', (id, up) => {
  const { root } = judge({ ...evidenceOfWire(nothingListens), launched: { end: up } })
  expect(root?.id).toBe(id)
  expect(root?.evidence.length).toBeGreaterThan(0)
})
