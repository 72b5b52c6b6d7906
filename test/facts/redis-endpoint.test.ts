import { describe, expect, it } from 'vitest'
import { redisEndpoint, showEndpoint, type RedisEndpoint, type Sourced } from '../../src/facts/redis-endpoint.ts'

const SECRET = 'xT7-qv9L2mZ'

function read(values: Record<string, string>): (name: string) => Sourced | undefined {
  const lines = Object.keys(values)
  return (name) => {
    const value = values[name]
    return value === undefined ? undefined : { value, source: `backend/.env:${lines.indexOf(name) + 1}` }
  }
}

function endpointOf(values: Record<string, string>, named?: readonly string[]): RedisEndpoint {
  const fact = redisEndpoint(read(values), named === undefined ? undefined : new Set(named))
  if (fact.kind === 'malformed') throw new Error(fact.evidence.join('\n'))
  return fact.endpoint
}

const here = { host: '127.0.0.1', port: 6379, db: 0, tls: false }

describe('the endpoint of REDIS_HOST and the others', () => {
  const cases: [string, Record<string, string>, RedisEndpoint][] = [
    ['nothing set', {}, { ...here, source: 'default' }],
    [
      'empty strings count as unset',
      { REDIS_URL: '', REDIS_HOST: '', REDIS_USERNAME: '', REDIS_PASSWORD: '' },
      { ...here, source: 'default' },
    ],
    ['a host', { REDIS_HOST: 'cache' }, { ...here, host: 'cache', source: 'REDIS_HOST in backend/.env:1' }],
    ['an IPv6 address', { REDIS_HOST: '::1' }, { ...here, host: '::1', source: 'REDIS_HOST in backend/.env:1' }],
    [
      'host and port',
      { REDIS_HOST: 'cache', REDIS_PORT: '6380' },
      { ...here, host: 'cache', port: 6380, source: 'REDIS_HOST in backend/.env:1, REDIS_PORT in backend/.env:2' },
    ],
    [
      'white space that int() strips',
      { REDIS_PORT: ' 6380 ', REDIS_DB: '2 ' },
      { ...here, port: 6380, db: 2, source: 'REDIS_PORT in backend/.env:1' },
    ],
    [
      'login and database alone',
      { REDIS_DB: '3', REDIS_USERNAME: 'web', REDIS_PASSWORD: SECRET },
      { ...here, db: 3, username: 'web', password: SECRET, source: 'default' },
    ],
    ['a password with signs in it', { REDIS_PASSWORD: '%40:/# ' }, { ...here, password: '%40:/# ', source: 'default' }],
  ]
  it.each(cases)('%s', (_name, values, expected) => {
    expect(endpointOf(values)).toEqual(expected)
  })
})

describe('the endpoint of REDIS_URL', () => {
  const source = 'REDIS_URL in backend/.env:1'
  const cases: [string, RedisEndpoint][] = [
    ['redis://cache', { ...here, host: 'cache', source }],
    ['redis://cache:6380/2', { ...here, host: 'cache', port: 6380, db: 2, source }],
    ['redis://', { ...here, host: 'localhost', source }],
    ['REDIS://cache/', { ...here, host: 'cache', source }],
    ['redis://cache/2?db=5', { ...here, host: 'cache', db: 5, source }],
    ['redis://cache/words', { ...here, host: 'cache', source }],
    ['redis://[::1]:6380/1', { ...here, host: '::1', port: 6380, db: 1, source }],
    [`redis://:${SECRET}@cache:6380/0`, { ...here, host: 'cache', port: 6380, password: SECRET, source }],
    [`redis://:${SECRET}@/1`, { ...here, host: 'localhost', db: 1, password: SECRET, source }],
    ['redis://us%40er:p%3Aa%2Fs%40s@cache', { ...here, host: 'cache', username: 'us@er', password: 'p:a/s@s', source }],
    ['redis://user:a@b:c@cache', { ...here, host: 'cache', username: 'user', password: 'a@b:c', source }],
    [`redis://cache?username=web&password=${SECRET}`, { ...here, host: 'cache', username: 'web', password: SECRET, source }],
    [`rediss://:${SECRET}@cache:6390`, { ...here, host: 'cache', port: 6390, tls: true, password: SECRET, source }],
    ['rediss://cache?ssl_cert_reqs=none', { ...here, host: 'cache', tls: true, tlsVerify: false, source }],
    [
      'rediss://cache?ssl_ca_certs=ca.pem&ssl_certfile=c.pem&ssl_keyfile=k.pem',
      { ...here, host: 'cache', tls: true, tlsFiles: { ca: 'ca.pem', cert: 'c.pem', key: 'k.pem' }, source },
    ],
    ['unix:///run/redis.sock', { ...here, socketPath: '/run/redis.sock', source }],
    [
      `unix://web:${SECRET}@/run/my%20redis.sock?db=4`,
      { ...here, db: 4, socketPath: '/run/my redis.sock', username: 'web', password: SECRET, source },
    ],
  ]
  it.each(cases)('%s', (url, expected) => {
    expect(endpointOf({ REDIS_URL: url })).toEqual(expected)
  })
})

describe('REDIS_URL or REDIS_HOST', () => {
  const both = { REDIS_URL: 'redis://from-url', REDIS_HOST: 'from-host', REDIS_PORT: '6380' }
  it.each([
    ['not known what the settings name', undefined, 'from-url'],
    ['neither named', ['DEBUG'], 'from-url'],
    ['both named', ['REDIS_URL', 'REDIS_HOST', 'REDIS_PORT'], 'from-url'],
    ['the URL named', ['REDIS_URL'], 'from-url'],
    ['the host named', ['REDIS_HOST', 'REDIS_PORT'], 'from-host'],
    ['the port named', ['REDIS_PORT'], 'from-host'],
  ])('%s', (_name, named, host) => {
    expect(endpointOf(both, named).host).toBe(host)
  })
  it('one alone is used, whatever is named', () => {
    expect(endpointOf({ REDIS_URL: 'redis://from-url' }, ['REDIS_HOST']).host).toBe('from-url')
    expect(endpointOf({ REDIS_HOST: 'from-host' }, ['REDIS_URL']).host).toBe('from-host')
  })
})

describe('malformed', () => {
  const cases: [string, Record<string, string>, string, RegExp][] = [
    ['a port with a comment', { REDIS_PORT: '6379  # default' }, 'REDIS_PORT', /`6379 {2}# default`: not a port number/],
    ['a port in words', { REDIS_PORT: 'redis' }, 'REDIS_PORT', /`redis`: not a port number/],
    ['an empty port', { REDIS_PORT: '' }, 'REDIS_PORT', /is empty: not a port number/],
    ['port 0', { REDIS_PORT: '0' }, 'REDIS_PORT', /not a port number/],
    ['a port too high', { REDIS_PORT: '65536' }, 'REDIS_PORT', /not a port number/],
    ['a port that a container link set', { REDIS_PORT: 'tcp://172.17.0.2:6379' }, 'REDIS_PORT', /not a port number/],
    ['a database in words', { REDIS_DB: 'zero' }, 'REDIS_DB', /`zero`: not the number of a database/],
    ['a negative database', { REDIS_DB: '-1' }, 'REDIS_DB', /not the number/],
    ['a host with a port', { REDIS_HOST: '127.0.0.1:6379' }, 'REDIS_HOST', /there is a port in it/],
    ['a host in brackets', { REDIS_HOST: '[::1]' }, 'REDIS_HOST', /brackets/],
    ['a host with a comment', { REDIS_HOST: 'localhost # mine' }, 'REDIS_HOST', /comment/],
    ['a path as host', { REDIS_HOST: '/run/redis.sock' }, 'REDIS_HOST', /a path/],
    ['a URL as host', { REDIS_HOST: `redis://web:${SECRET}@cache:6379` }, 'REDIS_HOST', /`redis:\/\/\*\*\*@cache:6379`: a URL/],
    ['a login before the host', { REDIS_HOST: `${SECRET}@cache` }, 'REDIS_HOST', /`\*\*\*@cache`/],
    ['the password where the port belongs', { REDIS_PORT: SECRET, REDIS_PASSWORD: SECRET }, 'REDIS_PORT', /`\*\*\*`/],
    ['a URL without a scheme', { REDIS_URL: `:${SECRET}@cache:6379` }, 'REDIS_URL', /redis:\/\/, rediss:\/\/ or unix:\/\//],
    ['a URL of another scheme', { REDIS_URL: 'http://cache' }, 'REDIS_URL', /redis:\/\//],
    ['a URL with a comment', { REDIS_URL: 'redis://cache  # mine' }, 'REDIS_URL', /white space/],
    ['a URL with a port in words', { REDIS_URL: 'redis://cache:port' }, 'REDIS_URL', /port/],
    ['a password cut at its slash', { REDIS_URL: `redis://:ab/${SECRET}@cache:6379` }, 'REDIS_URL', /percent-encoded/],
    ['a lone % in the password', { REDIS_URL: `redis://:%zz${SECRET}@cache` }, 'REDIS_URL', /%25/],
    ['a URL whose db is in words', { REDIS_URL: 'redis://cache?db=one' }, 'REDIS_URL', /database/],
    ['a URL with an unfinished IPv6 address', { REDIS_URL: 'redis://[cache]' }, 'REDIS_URL', /host/],
    ['a socket without a path', { REDIS_URL: 'unix://' }, 'REDIS_URL', /socket/],
  ]
  it.each(cases)('%s', (_name, values, name, evidence) => {
    const fact = redisEndpoint(read(values))
    expect(fact).toMatchObject({ kind: 'malformed', id: 'env-value-malformed', name, source: 'backend/.env:1' })
    const text = JSON.stringify(fact)
    expect(text).not.toContain(SECRET)
    expect(fact.kind === 'malformed' ? fact.evidence.join('\n') : '').toMatch(evidence)
  })
})

describe('showEndpoint', () => {
  it.each([
    [{ REDIS_DB: '0' }, '127.0.0.1:6379'],
    [{ REDIS_DB: '2' }, '127.0.0.1:6379/2'],
    [{ REDIS_HOST: '::1' }, '[::1]:6379'],
    [{ REDIS_URL: `rediss://web:${SECRET}@cache:6390/1` }, 'cache:6390/1'],
    [{ REDIS_URL: `unix://:${SECRET}@/run/redis.sock` }, '/run/redis.sock'],
    [{ REDIS_URL: 'unix:///run/redis.sock?db=3' }, '/run/redis.sock (database 3)'],
  ])('%j', (values, shown) => {
    expect(showEndpoint(endpointOf(values))).toBe(shown)
  })
})
