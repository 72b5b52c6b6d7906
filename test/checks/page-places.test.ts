/** Which places of the sources make a WebSocket of the page go where it went. */
import { expect, test } from 'vitest'
import { writtenPlaces } from '../../src/checks/page-places.ts'
import { portsIn, pageHostSocket, urlsIn, urlVariables } from '../../src/facts/frontend-wiring.ts'

const page = new URL('http://localhost:3001/')

test.each<[string, string, string, string, string[]]>([
  ['a URL', "new WebSocket('ws://127.0.0.1:8055/ws/')", '', 'ws://localhost:8055/ws/', ['a.js:1 ws://127.0.0.1:8055/ws/']],
  ['the scheme’s own port', "new WebSocket('wss://localhost/ws/')", '', 'wss://localhost/ws/', ['a.js:1 wss://localhost/ws/']],
  ['a host and a port', "const at = 'localhost:8055'", '', 'ws://localhost:8055/ws/', ['a.js:1 localhost:8055']],
  [
    'a variable before a source',
    "\nconst url = import.meta.env.VITE_WS ?? 'ws://localhost:8055'",
    'ws://localhost:8055',
    'ws://localhost:8055/ws/',
    ['.env:1 VITE_WS=ws://localhost:8055', 'a.js:2 ws://localhost:8055'],
  ],
  ['a variable that names another address', '', 'ws://localhost:8000', 'ws://localhost:8055/ws/', []],
  [
    'what makes another address of the page’s own, which failed to',
    "const url = 'ws://' + location.host.replace(':3000', ':8000') + '/ws/'; new WebSocket(url)",
    '',
    'ws://localhost:3001/ws/',
    ["a.js:1 location.host.replace(':3000', ':8000') + '/ws/'"],
  ],
  ['the page’s own host', "new WebSocket('ws://' + location.host + '/ws/')", '', 'ws://localhost:3001/ws/', ['a.js:1 location.host']],
  ['the same, where it went elsewhere', "new WebSocket('ws://' + location.host + '/ws/')", '', 'ws://localhost:9/ws/', []],
  ['another machine', "new WebSocket('ws://api.example:8055/ws/')", '', 'ws://localhost:8055/ws/', []],
])('%s', (_, source, variable, socket, places) => {
  const values = variable === '' ? [] : [{ name: 'VITE_WS', value: variable, file: '.env', line: 1 }]
  const sources = {
    variables: urlVariables(values),
    urls: urlsIn('a.js', source),
    ports: portsIn('a.js', source),
    pageSocket: pageHostSocket('a.js', source),
    paths: [],
    parameters: [],
    tokenRead: undefined,
  }
  expect(writtenPlaces(sources, new URL(socket), page).map(({ file, line, text }) => `${file}:${line} ${text}`)).toEqual(places)
})
