import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isDistinctive, namesSecret } from '../../src/host/secret-names.ts'
import { Secrets, shownValue } from '../../src/host/secrets.ts'
import { secret } from '../support/secrets.ts'

function masking(...values: string[]): (text: string) => string {
  const secrets = new Secrets()
  for (const value of values) secrets.add(value)
  return (text) => secrets.mask(text)
}

/** Put together here, so that no scanner takes it for a real one. */
const jwt = ['eyJhbGciOiJIUzI1NiJ9', 'eyJ1c2VyX2lkIjoxfQ', 'c2lnbmF0dXJl-_x'].join('.')

describe('names', () => {
  test.each(
    (
      'SECRET_KEY DJANGO_SECRET_KEY SECRET_KEY_FALLBACKS SECRET_KEY2 AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY STRIPE_API_KEY apiKey X-Api-Key ' +
      'PASSWORD PGPASSWORD MYSQL_PWD DB_PASS dbPassword POSTGRES_PASSWORD REDISCLI_AUTH PASSPHRASE CREDENTIALS GITHUB_TOKEN csrftoken ' +
      'SECRETKEY privateKey DB_PW GH_PAT BEARER CREDS SESSION_ID access_token SENTRY_DSN sessionid PHPSESSID jwt ticket TOTP_OTP PASSWORD_SALT ELECTION_DEV_TOKEN key KEY db.password cache_key'
    ).split(' '),
  )('%s is that of a secret', (name) => {
    expect(namesSecret(name)).toBe(true)
  })

  test.each(
    (
      'KEYBOARD_LAYOUT PASSENGER PASSENGER_APP_ENV COMPASS_HOST BYPASS TOKENIZER TOKENIZERS_PARALLELISM SECRETARY MONKEY PWD OLDPWD KeyError ' +
      'PASSWORD_HASHERS AUTH_PASSWORD_VALIDATORS TOKEN_NAME ELECTION_DEV_TOKEN_NAME ACCESS_TOKEN_LIFETIME JWT_ALGORITHM SESSION_COOKIE_NAME ' +
      'AUTH_USER_MODEL SSH_AUTH_SOCK XDG_SESSION_ID GIT_ASKPASS PINNED SALTY DECODER CACHE_KEY_PREFIX SSL_KEY_FILE DATABASE_URL REDIS_HOST DEBUG url'
    ).split(' '),
  )('%s is none', (name) => {
    expect(namesSecret(name)).toBe(false)
  })

  test.each([
    ['SECRET_KEY', 'test', '***'],
    ['DB_PASSWORD', '', ''],
    ['DEBUG', 'True', 'True'],
    ['REDIS_URL', 'redis://:hunter2@h:6380/3', 'redis://:***@h:6380/3'],
    ['SERVICE_URL', 'http://localhost:9000/', 'http://localhost:9000/'],
    ['SENTRY_DSN', 'https://short@sentry.local/1', 'https://***@sentry.local/1'],
  ])('%s=%s shows as %s', (name, value, shown) => {
    expect(shownValue(name, value)).toBe(shown)
  })
})

describe('known values', () => {
  const value = secret()

  test.each([
    ['alone', value, '***'],
    ['inside longer text', `before${value}after`, 'before***after'],
    ['more than once', `${value} and ${value}`, '*** and ***'],
    ['twice in a row', value + value, '******'],
    ['in no text', 'nothing of it', 'nothing of it'],
  ])('%s', (_, text, masked) => {
    expect(masking(value)(text)).toBe(masked)
  })

  test('encoded for a URL', () => {
    const special = secret('p@ss/w?rd & more')
    expect(masking(special)(`http://x/?q=${encodeURIComponent(special)}`)).toBe('http://x/?q=***')
  })

  test('with spaces around it in the file', () => {
    expect(masking(`  ${value} `)(`x${value}x`)).toBe('x***x')
  })

  test('of several lines, each by itself: output goes by line', () => {
    const [one, two] = [secret(), secret()]
    const mask = masking(`${one}\n${two}\r\n`)
    expect([mask(`> ${one}`), mask(`> ${two}`), mask(`> ${one}\n${two}`)]).toEqual(['> ***', '> ***', '> ***\n***'])
  })

  test('one inside another: the longer goes whole', () => {
    expect(masking(value, `${value}-tail`)(`${value}-tail ${value}`)).toBe('*** ***')
  })

  test('that overlap go as one: no end of either is left', () => {
    expect(masking('abcd-3fgh', '3fgh-jklm')('<abcd-3fgh-jklm>')).toBe('<***>')
  })

  test('that have :// within are no URLs', () => {
    expect(masking('k3!://aaaqqqq')('before k3!://aaaqqqq after')).toBe('before *** after')
  })

  test('numbers of a document have three decimals', () => {
    expect(new Secrets().json({ elapsedMs: 8.070909000000029, count: 12, list: [0.00049, 3190.4] })).toBe(
      '{"elapsedMs":8.071,"count":12,"list":[0,3190.4]}',
    )
  })

  test('a document has no control character that JSON lets through', () => {
    const line = 'a\u{9B}2J\u{7F}b'
    const text = new Secrets().json({ line })
    expect(text).toBe(String.raw`{"line":"a\u009b2J\u007fb"}`)
    expect(JSON.parse(text)).toEqual({ line })
  })

  test('half a character is no obstacle', () => {
    expect(masking('key\uD83Dend')('plain')).toBe('plain')
  })

  test.each(
    'test admin true postgres password Password1 developer 12345 20261126 election_dev db.internal.example.com redis-7.cache.local 127.0.0.1 http://localhost:8000 /run/secrets/key me@example.com core.auth.Backend a'.split(
      ' ',
    ),
  )('%s is masked in its own place, and nowhere else', (ordinary) => {
    const mask = masking(ordinary)
    const prose = `The ${ordinary} of ${ordinary}/ is "${ordinary}" and ${ordinary}s.`
    expect(mask(prose)).toBe(prose)
    expect(isDistinctive(ordinary)).toBe(false)
    expect(mask(`{"password": "${ordinary}"}`)).toBe(ordinary === 'true' ? '{"password": "true"}' : '{"password": "***"}')
  })

  test.each([
    ['API_URL', (value: string) => `https://api.local/x?api_key=${value}`],
    ['CONFIG', (value: string) => JSON.stringify({ db: { password: value } })],
    ['HEADER', (value: string) => `Bearer ${value}`],
  ])('what a variable %s shows to be secret is so wherever it stands', (name, written) => {
    const secrets = new Secrets()
    const value = secret()
    secrets.addFrom({ [name]: written(value) })
    expect(secrets.mask(`x ${value} y`)).toMatch(/^x \S*\*\*\*\S* y$/)
  })

  test('what is secret of variables, and no more', () => {
    const secrets = new Secrets()
    const [key, password] = [secret(), secret()]
    secrets.addFrom({ SECRET_KEY: key, NAME: 'a-name-of-2026-xyz', DATABASE_URL: `postgres://u:${password}@host-7/db`, TOKEN: undefined })
    expect(secrets.mask(`${key} ${password} a-name-of-2026-xyz host-7`)).toBe('*** *** a-name-of-2026-xyz host-7')
  })
})

describe('what looks like a secret', () => {
  const mask = masking()

  test.each([
    ['a JSON Web Token', `Authorization: Bearer ${jwt}`, 'Authorization: Bearer ***'],
    ['one in an encoded URL', `next=%2Fws%2F%3Ftoken%3D${jwt}`, 'next=%2Fws%2F%3Ftoken%3D***'],
    ['one behind a word', `jwt_${jwt}.`, 'jwt_***.'],
    ['one without a signature', jwt.split('.').slice(0, 2).join('.'), '***'],
    ['?token=', 'GET /ws/?token=abcdef&page=2 HTTP/1.1', 'GET /ws/?token=***&page=2 HTTP/1.1'],
    ['&access_token=', '/ws/?a=1&access_token=abc', '/ws/?a=1&access_token=***'],
    ['&auth_token=', '/ws/?a=1&auth_token=abc', '/ws/?a=1&auth_token=***'],
    ['?api_key=', '/ws/?api_key=abc', '/ws/?api_key=***'],
    ['?ticket=', '/ws/?ticket=abc', '/ws/?ticket=***'],
    ['?jwt=', '/ws/?jwt=abc', '/ws/?jwt=***'],
    ['?key= with a token', '/ws/?key=AIza91Bx72Kq0Zt55LmQ', '/ws/?key=***'],
    ['?password= in quotes', '"/login?password=abc"', '"/login?password=***"'],
    ['%3Fapi_key%3D', 'next=%2Fws%3Fapi_key%3Dabc%26x%3D1', 'next=%2Fws%3Fapi_key%3D***%26x%3D1'],
    ['quoted by uvicorn', String.raw`"WebSocket /ws/?token=ab\"c" [accepted]`, String.raw`"WebSocket /ws/?token=***\"c" [accepted]`],
    ['a password', 'redis://user:hunter2@localhost:6379/0', 'redis://user:***@localhost:6379/0'],
    ['a password without a user', 'rediss://:hunter2@localhost', 'rediss://:***@localhost'],
    ['a password with / and @', 'postgres://u:p/w@d@host/db', 'postgres://u:***@host/db'],
    ['passwords of two', 'redis://:a@h:1,redis://:b@i:2', 'redis://:***@h:1,redis://:***@i:2'],
    ['https://TOKEN@host', 'https://ghp_16C7e42F292c6912E7@github.com/x', 'https://***@github.com/x'],
    ['Basic', 'Authorization: Basic YTpi', 'Authorization: Basic ***'],
    ['Bearer, in an ASGI scope', "(b'authorization', b'Bearer 16C7e42F292c6912E7')", "(b'authorization', b'***')"],
    ['Bearer alone', 'sent Bearer 16C7e42F292c6912E7 there', 'sent Bearer *** there'],
    ['Cookie', 'Cookie: theme=dark; sid=abc; csrftoken=x', 'Cookie: ***'],
    ['sessionid', 'Set sessionid=abc; csrftoken=def', 'Set sessionid=***; csrftoken=***'],
    ['Bearer and a short token', 'sent Bearer k3Canary9xQ there', 'sent Bearer *** there'],
    ['a key of no known kind', 'STRIPE_KEY=k3Canary9xQ7zZ', 'STRIPE_KEY=***'],
    ['a header of their own', 'X-Api-Key: hunter2', 'X-Api-Key: ***'],
    ['%253Ftoken%253D', 'next=%253Ftoken%253Dabc%2526x%253D1', 'next=%253Ftoken%253D***%2526x%253D1'],
    ['a QueryDict', "<QueryDict: {'api_key': ['hunter2']}>", "<QueryDict: {'api_key': ['***']}>"],
    ['a password with / on the web', 'https://user:p/w#d@host/x', 'https://user:***@host/x'],
    ['a token of GitHub', 'fatal: ghp_16C7e42F292c6912E7 is refused', 'fatal: *** is refused'],
    ['a key of AWS', 'AKIAIOSFODNN7EXAMPLE', '***'],
    ['a backspace in the name', 'to\bken=abc', 'to\bken=***'],
    ['a tab and a C1 control around it', 'tok\u{9B}0men\t=\tk3Canary9xQ', 'tok\u{9B}0men\t=\t***'],
    ['JSON', '{"password": "a\\"b", "user": "c"}', '{"password": "***", "user": "c"}'],
    ['JSON in JSON', String.raw`"{\"token\": \"a\\\"b\", \"x\": 1}"`, String.raw`"{\"token\": \"***\", \"x\": 1}"`],
    ['a dict of Python', "{'password': 'hunter2', 'user': 'me'}", "{'password': '***', 'user': 'me'}"],
    ['bytes', "{'token': b'hunter2'}", "{'token': b'***'}"],
    ['cut off', '{"password": "hunter', '{"password": "***'],
    ['an assignment', 'DB_PASSWORD=hunter2 DEBUG=1', 'DB_PASSWORD=*** DEBUG=1'],
    ['a setting', "SECRET_KEY = 'abc'", "SECRET_KEY = '***'"],
    ['YAML', 'password: f00-b4r!x', 'password: ***'],
    ['an option', 'uvicorn --token f00-b4r!x --reload', 'uvicorn --token *** --reload'],
    [
      'a password in the place of a port',
      "ValueError: Port could not be cast to integer value as 's3cr'",
      "ValueError: Port could not be cast to integer value as '***'",
    ],
    ['slashes that are no path', 'password=aG9w/Zq81/x+Lm2/0', 'password=***'],
    ['arguments', '["uvicorn", "--password", "abc"]', '["uvicorn", "--password", "***"]'],
    ['colours around it', '\u001B[36mtoken\u001B[0m=\u001B[35mabc\u001B[0m x', '\u001B[36mtoken\u001B[0m=\u001B[35m***\u001B[0m x'],
    ['a link', `\u001B]8;;http://h/?token=abc\u001B\\text`, `\u001B]8;;http://h/?token=***\u001B\\text`],
  ])('%s', (_, text, masked) => {
    expect(mask(text)).toBe(masked)
    expect(mask(masked)).toBe(masked)
  })

  test.each([
    'http://127.0.0.1:8000/ws/',
    'http://user@host/',
    'http://localhost:5173/@vite/client',
    'http://[::1]:5173/@vite/client',
    'http://127.0.0.1:8000/@a:b@c',
    'the token code=4001 and the token line1234: none',
    'the token 2026-11-26 12:00:00.123',
    'a path of work: /home/pat/x',
    'http://localhost:5173/node_modules/@scope/x?a=b@c',
    'git@github.com:a/b',
    'eyJ',
    'a key: value',
    'key=value of the message',
    'the token= of the URL',
    'token=, password="" and secret=',
    '/ws/?key=election&code=4001&tokens=2',
    'Invalid token: expired',
    'KeyError: "SECRET_KEY"',
    "KeyError: 'SECRET_KEY'",
    'SECRET_KEY = config("SECRET_KEY", cast=str)',
    "SECRET_KEY = os.environ['SECRET_KEY']",
    '{"password":["This field is required."]}',
    '["token", "password", "key"]',
    'Bearer authentication, Basic authentication-required',
    'Cookie: none was sent',
    'election-dev verify --token <token> --json',
    'ELECTION_DEV_TOKEN=… election-dev verify',
    'DB_PASSWORD=$DB_PASSWORD',
    'The login gave no token: ELECTION_DEV_PASSWORD is not set',
    'kubectl create secret generic app --from-file=redis-password=deploy/kubernetes/secrets/redis-password',
    'TOKEN_FILE=/run/secrets/app/token',
    'secret=./deploy/nginx/secrets/secret-key',
    'the code: 1006, close code=1006, exit code = 137',
    'redis://localhost:6379/0 for me@example.com',
    'C:\\Users\\me@home',
    'asgi:group:key=election-updates',
    '2026-11-26 12:00:00 INFO 127.0.0.1:52100 - "WebSocket /ws/election-updates/" [accepted]',
  ])('%s is none', (text) => {
    expect(mask(text)).toBe(text)
  })

  test.each([
    'a.',
    'eyJ',
    'eyJa.',
    '?token=',
    '://:',
    'a://u:',
    'token',
    'token:',
    '"token":\'',
    'password=\\"',
    '\\',
    'key="',
    'a=',
    'Bearer ',
    '--key ',
    '%3D',
    'authorization: Basic ',
    '://@',
    '\u001B[1m',
    'x.A',
    'password=AB1-',
  ])('a line of many %j takes time that grows with its length, and no more', (piece) => {
    const time = (size: number) => {
      const line = `the token ${piece.repeat(size / piece.length)}@.`
      const started = performance.now()
      mask(line)
      return performance.now() - started
    }
    time(65_536)
    const [short, long] = [Math.min(time(131_072), time(131_072)), Math.min(time(1_048_576), time(1_048_576))]
    // eight times as long: sixty-four times as slow where it isn't linear
    expect(long).toBeLessThan(Math.max(short, 5) * 28)
  })
})

describe('properties', () => {
  /** Random enough, and of every kind of character. */
  const hidden = fc
    .tuple(
      fc.string({ minLength: 6, maxLength: 12, unit: fc.constantFrom(...'aZ9-_/@:"\'\\ é€&+%=?.') }),
      fc.string({ minLength: 4, maxLength: 4, unit: fc.constantFrom(...'qX7#') }),
    )
    .map(([some, more]) => `k3!${some}${more}`)
  const forms: readonly ((text: string) => string)[] = [
    (text) => text,
    (text) => JSON.stringify({ line: text }),
    (text) => JSON.stringify(JSON.stringify({ line: text })),
    encodeURIComponent,
    (text) => new URLSearchParams({ q: text }).toString(),
    (text) => `{'password': '${text.replace(/[\\']/g, String.raw`\$&`)}'}`,
    (text) => `postgres://u:${encodeURIComponent(text)}@host/db`,
    (text) => [...text].join('\u001B[31m'),
  ]

  test('no serialised form holds a secret after it, and what was JSON still is', () => {
    fc.assert(
      fc.property(fc.array(hidden, { minLength: 1, maxLength: 3 }), fc.constantFrom(...forms), (values, form) => {
        const secrets = new Secrets()
        for (const value of values) secrets.add(value)
        for (const value of values) {
          const masked = secrets.mask(`before ${form(value)} after`)
          expect(masked.replaceAll('\u001B[31m', '')).not.toContain(value)
          expect(masked).not.toContain(form(value))
        }
      }),
    )
  })

  test('a document is JSON after it, whatever its strings are, and holds no secret', () => {
    fc.assert(
      fc.property(hidden, fc.string(), fc.string({ unit: 'binary' }), (value, before, after) => {
        const secrets = new Secrets()
        secrets.add(value)
        const line = `${before}"GET /?token=${value}" ${after}`
        const document: unknown = JSON.parse(secrets.json({ event: 'log', line, lines: [line] }))
        expect(document).toEqual({ event: 'log', line: secrets.mask(line), lines: [secrets.mask(line)] })
        expect(secrets.mask(line)).not.toContain(value)
      }),
    )
  })

  test('text without secrets stays as it is, and masked text too', () => {
    const mask = masking('k3!aZ9-qX7#')
    const word = fc.constantFrom(
      ...'the key is value of a token and password for GET /ws/ 200 host: 127.0.0.1 [accepted] "name" code=4001 group=election'.split(' '),
    )
    fc.assert(
      fc.property(fc.array(word), (words) => {
        expect(mask(words.join(' '))).toBe(words.join(' '))
      }),
    )
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, two) => {
        const masked = mask(`${one}token=k3!aZ9-qX7# "password": "${two}`)
        expect(mask(masked)).toBe(masked)
      }),
    )
  })
})
