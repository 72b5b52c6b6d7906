/** What reads bytes of strangers, and the words that these are made of. */
import { Writable, Readable } from 'node:stream'
import { expect } from 'vitest'
import { judgeLog } from '../../src/checks/server-log.ts'
import { exceptionsIn } from '../../src/checks/traceback.ts'
import { interpolated } from '../../src/facts/compose-values.ts'
import { booleanOf, dotenvValue, parseDotenv } from '../../src/facts/dotenv.ts'
import { collect } from '../../src/facts/inspection.ts'
import { parseNetstatListening, parseProcNetListening, parseProcNetUnix } from '../../src/facts/listener-tables.ts'
import { readScript, type ScriptKind } from '../../src/facts/old-scripts.ts'
import { parseProcfile } from '../../src/facts/procfile.ts'
import { requirementNames } from '../../src/facts/requirement-lines.ts'
import { judgeRun, parseRun } from '../../src/facts/run-state.ts'
import { readServerCommand } from '../../src/facts/server-command.ts'
import { tomlStrings, tomlTables } from '../../src/facts/toml-text.ts'
import { readYaml, yamlAt } from '../../src/facts/yaml-text.ts'
import { isRedrawn, onlyColours, withoutCommands, withoutEscapes } from '../../src/host/escape-codes.ts'
import { recordOf, textsOf } from '../../src/host/json.ts'
import { LineSplitter } from '../../src/host/lines.ts'
import { parsePs } from '../../src/host/process-listing.ts'
import { parseProcStat } from '../../src/host/process-table.ts'
import { Secrets } from '../../src/host/secrets.ts'
import { observe } from '../../src/run/observer.ts'
import { testHost } from './host.ts'

/** What stands for a secret in every text: as random as one, and like none of the words around it. */
export const canary = 'k3Canary9xQ7zZ'
const colours = new RegExp(`${String.fromCodePoint(27)}\\[[0-9;:]*m`, 'g')

/** A reader, the words that its language is made of, and what it makes of a text. What it gives is looked through for the secret. */
interface Reader {
  readonly name: string
  readonly words: readonly string[]
  /** A document that it takes, of which some members become others. */
  readonly document?: unknown
  readonly read: (text: string) => unknown
}

const numbers = ['0', '1', '-1', '4294967296', '1e999', '00', '٣']
const json = ['{', '}', '[', ']', ':', ',', '"', '\\', '\\u', '\\ud800', 'null', 'true', '"schemaVersion":1', '__proto__', ...numbers]
const states = ['"id"', '"control"', '"key"', '"launcher"', '"pid"', '"started"', '"processes"', '"status"', '"machine"', '"log"']
const scripts: readonly ScriptKind[] = ['batch', 'shell', 'procfile', 'compose', 'makefile', 'manifest']
const script = (
  '$( ) ` \' " && || ; | > < & ^ %% % set export cd cd.. call start npm run dev python manage.py ' +
  'daphne -p 8000 redis-server docker compose up if not exist goto :: # \\ $( ${ ${A:-b} "services": command: entrypoint: scripts' +
  ' <<EOF EOF web: .PHONY: \t'
).split(' ')

const machine = { hostname: 'h', boot: 'b', pids: 'p' }
const state = {
  schemaVersion: 1,
  id: 'a-run',
  version: '0.0.0',
  machine,
  launcher: { pid: 4711, started: '1' },
  startedAt: 1,
  background: true,
  control: { address: '/tmp/x', key: 'k' },
  log: null,
  stopTimeoutMs: 2000,
  processes: [{ service: 'backend', pid: 4712, started: '1' }],
  status: {
    services: [{ name: 'backend', kind: 'backend', state: 'ready', pid: 4712, url: null, restarts: 0, why: null }],
    websocket: null,
    openSockets: null,
    lastError: null,
    page: null,
  },
}
/** What the observer says, and what a look tells: of one kind each, with the members of all. */
const observed = {
  event: 'raised',
  id: 1,
  nonce: 'n',
  type: 'E',
  message: 'm',
  place: { file: 'a', line: 1, function: 'f' },
  fact: 'session',
  stage: 'token',
  told: { fact: 'token', token: 't' },
  cookie: 'a=b',
  path: '/ws/',
  code: 4001,
}
const rows = [{ pid: 4711, parent: 1, group: 1, zombie: false, started: '1' }]

/** What is read as text, and shown to nobody as it is. */
export const readers: readonly Reader[] = [
  {
    name: 'state files',
    words: [...json, ...states],
    document: state,
    read: (text) => {
      const run = parseRun(text)
      return typeof run === 'string' ? run : judgeRun('file', run, rows, machine).kind
    },
  },
  ...(['decouple', 'environ', 'dotenv'] as const).map((reader): Reader => ({
    name: `.env as ${reader} reads it`,
    words: ['=', 'KEY', 'KEY=', 'export ', '"', "'", '#', '\\', '\\n', '\n', '\r', '\r\n', ' ', '\t', '\u2028', '\uFEFF', '${KEY}', '\0'],
    read: (text) => {
      const entries = parseDotenv(text, reader)
      void dotenvValue(entries, 'KEY', reader)
      for (const { value } of entries) void booleanOf(value, reader)
      for (const { lineStart, lineEnd, valueStart, valueEnd } of entries) {
        expect(lineStart).toBeLessThanOrEqual(valueStart)
        expect(valueStart).toBeLessThanOrEqual(valueEnd)
        expect(valueEnd).toBeLessThanOrEqual(Math.max(lineEnd, valueEnd))
      }
      return ''
    },
  })),
  {
    name: 'YAML and compose files',
    words: [
      'services:',
      '\n',
      '  ',
      '- ',
      ': ',
      '&a ',
      '*a',
      '<<: *a',
      '!!',
      '|',
      '>-',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      '? ',
      '---',
      '...',
      '#',
      '%YAML',
      '${A:-',
      '$$',
      '\t',
    ],
    read: (text) => {
      void yamlAt(readYaml(text), 'services', 'a')
      void interpolated(text, () => 'x')
      return ''
    },
  },
  ...scripts.map((kind): Reader => ({
    name: `a script (${kind})`,
    words: [...script, '\n', '\r\n', ' '],
    read: (text) => (readScript('a', kind, text).kind === kind ? '' : 'of another kind'),
  })),
  { name: 'a Procfile', words: ['web', ':', ' ', '\n', '#', '"', "'", '\\', '$PORT'], read: (text) => void parseProcfile(text) },
  {
    name: 'TOML',
    words: ['[', ']', '[[', ']]', '=', '"', '"""', "'''", "'", '\\', '.', ',', '\n', '#', '{', '}', 'project', 'dependencies'],
    read: (text) => {
      for (const entries of tomlTables(text).values()) for (const entry of entries) void tomlStrings(entry)
    },
  },
  {
    name: 'requirements',
    words: ['a', '==', '>=', '[', ']', ';', '@', ' ', '-r', '--hash=', '\\', '\n', '#', '://'],
    read: (text) => void requirementNames(text),
  },
  { name: 'manifests', words: [...json, '"scripts"', '"dependencies"', '\uFEFF'], read: (text) => void textsOf(recordOf(text)['scripts']) },
  {
    name: 'the process table',
    words: [
      '1',
      ' ',
      '(',
      ')',
      'R',
      'Z',
      'S',
      '\n',
      '\0',
      ...numbers,
      '0A',
      ':',
      '0100007F:1F90',
      '127.0.0.1:80',
      'LISTENING',
      '[::1]:80',
      '00010000',
      'TCP',
      '/a',
    ],
    read: (text) => {
      void parseProcStat(text)
      void parsePs(text)
      void parseProcNetListening(text)
      void parseProcNetUnix(text)
      void parseNetstatListening(text)
      void readServerCommand(text.split('\0'))
    },
  },
  {
    name: 'what the observer and a look tell',
    words: [
      ...json,
      '"event"',
      '"hello"',
      '"nonce"',
      '"fact"',
      '"told"',
      '"stage"',
      '"error"',
      '"token"',
      '"cookie"',
      '"socket"',
      '"id"',
      '\n',
    ],
    document: observed,
    read: (text) => {
      const output = new Readable({ read: () => {} })
      const observer = observe(new Writable({ write: (_chunk, _encoding, done) => done() }), output, 'n')
      const look = collect(testHost('.'), ['settings', 'token', 'session'])
      output.emit('data', Buffer.from(`{"event":"hello","nonce":"n"}\n${text}\n`))
      for (const line of text.split('\n')) look.take(recordOf(line))
      look.finish('crashed', [])
      observer.close()
    },
  },
  {
    name: 'tracebacks',
    words: [
      'Traceback (most recent call last):',
      '  File "',
      '", line 1, in a',
      '\n',
      ' ',
      ': ',
      'Error',
      'django.',
      'During handling of',
      "No module named '",
      '|',
      '+',
      '^^^',
    ],
    read: (text) => {
      void exceptionsIn(text.split('\n'))
      void judgeLog(text.split('\n'))
    },
  },
  {
    name: 'lines of a log',
    words: [
      '\u001B[',
      '\u001B]',
      '\u009B',
      '\u009D',
      '\u0007',
      '\b',
      '\r',
      '\n',
      'm',
      '8',
      '38;5;',
      ';',
      '::',
      '##[',
      'token=',
      'password: ',
      '"',
      '\\"',
      'eyJ',
      '.',
      '://',
      '@',
      ':',
      'Bearer ',
      '%3D',
      '[',
      "'",
    ],
    read: (text) => {
      const secrets = new Secrets()
      secrets.add(canary)
      const said: string[] = []
      const splitter = new LineSplitter((line) => {
        void isRedrawn(line)
        const shown = onlyColours(secrets.mask(line))
        expect(withoutEscapes(shown)).toBe(withoutEscapes(secrets.mask(line)))
        expect(withoutCommands(shown)).not.toMatch(/^\s*::|##\[/)
        said.push(shown.replace(colours, ''))
        expect(said.at(-1)).not.toMatch(/[^\P{Cc}\t]/u)
        expect(JSON.parse(secrets.json(line))).toBe(secrets.mask(line))
      })
      splitter.push(Buffer.from(text))
      splitter.end()
      return said
    },
  },
]
