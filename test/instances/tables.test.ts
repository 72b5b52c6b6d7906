/** The decisions about instances and about what crosses between them. */
import { describe, expect, test } from 'vitest'
import { arrivalWords, judgeCrossing, judgeEnded } from '../../src/checks/crossing.ts'
import { crosses, crossingOf } from '../../src/facts/crossing.ts'
import { broadcastOf } from '../../src/commands/verify.ts'
import { contains, isMarked, marked } from '../../src/plan/broadcast-message.ts'
import { decideShared, instanceName } from '../../src/plan/instances.ts'

const where = { from: 'http://127.0.0.1:8000/', to: 'http://127.0.0.1:8001/' }

const layerRaised = (type: string, message: string) =>
  judgeCrossing([crossingOf(where, [undefined], { type, message, place: undefined })], undefined)
const ended = (sent: boolean) => judgeEnded('ws://a/', { code: 1011, reason: 'x' }, sent)

describe('several instances and the layer that the settings come to', () => {
  const memory = 'channels.layers.InMemoryChannelLayer'
  test.each([
    [1, memory, undefined],
    [2, memory, 'layer-inmemory-multi-instance'],
    [2, null, 'channel-layer-unset'],
    [1, null, undefined],
    [2, 'channels_redis.core.RedisChannelLayer', undefined],
    [2, 'channels_redis.pubsub.RedisPubSubChannelLayer', undefined],
    [3, 'updates.layers.Layer', undefined],
    [2, undefined, undefined],
  ])('%i on %s: %s', (instances, backend, id) => {
    expect(decideShared(instances, backend)?.id).toBe(id)
  })

  test('says which class it is', () => {
    expect(decideShared(2, memory)?.seen).toContain(memory)
    expect([0, 1, 2].map((index) => instanceName(index))).toEqual(['backend', 'backend-2', 'backend-3'])
  })
})

describe('messages of a direction', () => {
  test('are counted, with the median and the slowest of those that arrived', () => {
    expect(crossingOf(where, [9, undefined, 1, 3, 2])).toEqual({
      ...where,
      sent: 5,
      received: 4,
      medianMs: 2,
      slowestMs: 9,
      raised: undefined,
    })
    expect(crossingOf(where, [undefined])).toMatchObject({ sent: 1, received: 0, medianMs: undefined, slowestMs: undefined })
  })

  test('are said in words', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => (index < 99 ? 3 : 9))
    expect(arrivalWords(crossingOf(where, hundred))).toBe('100 of 100 arrived, median 3 ms, slowest 9 ms')
    expect(arrivalWords(crossingOf(where, [0.2]))).toBe('1 of 1 arrived in 1 ms')
    expect(arrivalWords(crossingOf(where, [undefined]))).toBe('0 of 1 arrived')
  })

  test('cross where every one arrives, and not where none was sent', () => {
    expect(crosses([crossingOf(where, [1, 2]), crossingOf(where, [1])])).toBe(true)
    expect(crosses([crossingOf(where, [1, undefined])])).toBe(false)
    expect(crosses([crossingOf(where, [])])).toBe(false)
  })
})

describe('what does not cross', () => {
  const lost = [crossingOf(where, [undefined])]
  test.each([
    [undefined, 'layer-split'],
    ['channels_redis.core.RedisChannelLayer', 'layer-split'],
    ['channels.layers.InMemoryChannelLayer', 'layer-inmemory-multi-instance'],
  ])('with %s: %s', (backend, id) => {
    const found = judgeCrossing(lost, backend)
    expect(found).toMatchObject({ id })
    expect(found?.evidence[0]).toBe('http://127.0.0.1:8000/ → http://127.0.0.1:8001/: 0 of 1 arrived')
    expect(found?.evidence.join('\n')).toContain(backend ?? 'works by itself')
  })

  test('and crosses is no finding', () => {
    expect(judgeCrossing([crossingOf(where, [1])], undefined)).toBeUndefined()
  })

  test('because the layer raised: what it raised', () => {
    expect(layerRaised('LookupError', 'no shard')).toMatchObject({ id: 'consumer-exception' })
    expect(layerRaised('LookupError', 'no shard')?.evidence).toContain('It raised: LookupError: no shard')
    const refused = 'Error 111 connecting to 127.0.0.1:6379. Connection refused.'
    expect(layerRaised('redis.exceptions.ConnectionError', refused)?.id).toBe('redis-unreachable')
  })

  test('because a socket ended: by the message, or before one was sent on it', () => {
    expect(ended(true)).toMatchObject({
      id: 'consumer-exception',
      evidence: ['The socket at ws://a/ was closed with 1011 (x) after the message was sent on it'],
    })
    expect(ended(false).title).toBe('A socket ended before anything was sent on it')
  })
})

describe('a message that a page could send', () => {
  test('bears the word in every text of it, and is known by it', () => {
    const { text, isIt } = marked({ send: { type: 'vote', note: 'a {marker} b', deep: [{ at: '{marker}' }], n: 1 } }, 'W')
    expect(JSON.parse(text)).toEqual({ type: 'vote', note: 'a W b', deep: [{ at: 'W' }], n: 1 })
    expect([isIt('{"x":"W"}'), isIt('{"x":"V"}')]).toEqual([true, false])
  })

  test('is known by what is expected', () => {
    const { isIt } = marked({ send: { type: 'vote' }, expect: { type: 'tally', of: { note: '{marker}' } } }, 'W')
    expect(isIt('{"type":"tally","of":{"note":"W","more":1},"more":2}')).toBe(true)
    for (const other of ['{"type":"tally","of":{"note":"V"}}', '{"type":"tally"}', 'W', '[]', 'null']) expect(isIt(other)).toBe(false)
  })

  test('without a word is any message', () => {
    expect(marked({ send: { type: 'vote' } }, 'W').isIt('anything')).toBe(true)
    expect(isMarked({ send: { type: 'vote' } })).toBe(false)
    expect(isMarked({ send: { type: '{marker}' } })).toBe(true)
    expect(isMarked({ send: { type: '{marker}' }, expect: { type: 'tally' } })).toBe(false)
  })

  test.each([
    [{ a: 1 }, { a: 1 }, true],
    [{ a: 1, b: 2 }, { a: 1 }, true],
    [{ a: '1' }, { a: 1 }, false],
    [{ a: null }, { a: null }, true],
    [{}, { a: null }, false],
    [[1, { b: 2, c: 3 }], [1, { b: 2 }], true],
    [[1, 2], [1], false],
    [{ 0: 1 }, [1], false],
    [undefined, {}, false],
  ])('%j contains %j: %j', (value, part, expected) => {
    expect(contains(value, part)).toBe(expected)
  })
})

describe('URLs and the message between them', () => {
  const two = ['ws://a/', 'ws://b/']
  const of = (options: Record<string, unknown>, urls: readonly string[] = two, broadcast?: { send: Record<string, unknown> }) =>
    broadcastOf({ broadcast }, options, urls)

  test('of one URL nothing crosses', () => {
    expect(of({}, ['ws://a/'])).toBeUndefined()
    expect(of({}, [], { send: { type: 'vote' } })).toBeUndefined()
  })

  test('comes from the command line, else from the configuration', () => {
    expect(of({ send: '{"type":"a"}', count: 3 })).toEqual({ message: { send: { type: 'a' } }, count: 3 })
    expect(of({}, two, { send: { type: 'b' } })).toEqual({ message: { send: { type: 'b' } }, count: 1 })
    expect(of({ send: '{"type":"a"}', expect: '{"x":1}' }, two, { send: { type: 'b' } })).toMatchObject({
      message: { send: { type: 'a' }, expect: { x: 1 } },
    })
  })

  test.each<[string, Record<string, unknown>, readonly string[]]>([
    ['a message without a second URL', { send: '{}' }, ['ws://a/']],
    ['a count without a second URL', { count: 3 }, []],
    ['two URLs without a message', {}, two],
    ['what is no JSON', { send: 'vote' }, two],
    ['a list', { send: '[1]' }, two],
    ['an expectation that is none', { send: '{}', expect: '1' }, two],
    ['nothing at all to be sent', { send: '{}', count: 0 }, two],
    ['far too many', { send: '{}', count: 10_001 }, two],
  ])('refuses %s', (_, options, urls) => {
    expect(() => of(options, urls)).toThrow(expect.objectContaining({ code: 'usage', exitCode: 2 }))
  })
})
