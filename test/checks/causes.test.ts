import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nearestIds } from '../../src/checks/nearest.ts'
import { pageOf } from '../../src/causes/page.ts'
import { families } from '../../src/causes/cause.ts'
import { causeOf, causes, isCauseId } from '../../src/causes/causes.ts'
import { root } from '../support/tools.ts'

const ids = causes.map(({ id }) => id)
const pages = await Promise.all(causes.map(async (entry) => ({ entry, page: await pageOf(entry.id) })))

describe('the list of causes', () => {
  test('has every id once, in kebab case', () => {
    expect(ids.length).toBeGreaterThan(0)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id))).toEqual([])
  })

  test('goes family by family', () => {
    const order = causes.map(({ family }) => Object.keys(families).indexOf(family))
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(new Set(order).size).toBe(Object.keys(families).length)
  })

  test('has titles that fit a line, each once', () => {
    expect(causes.filter(({ title }) => title.length > 70 || title.length < 10 || title.endsWith('.'))).toEqual([])
    expect(new Set(causes.map(({ title }) => title)).size).toBe(ids.length)
  })

  test('counts all as errors but what breaks no socket', () => {
    expect(causes.filter(({ severity }) => severity === 'warning').map(({ id }) => id)).toEqual([
      'ping-unanswered',
      'broadcast-lost',
      'frontend-not-installed',
      'package-manager-missing',
      'frontend-failed',
      'page-socket-none',
    ])
  })

  test('knows its ids and no others', () => {
    expect(isCauseId('redis-too-old')).toBe(true)
    expect(isCauseId('redis-too-Old')).toBe(false)
    expect(isCauseId('constructor')).toBe(false)
    expect(causeOf('redis-too-old')).toMatchObject({ id: 'redis-too-old', family: 'redis' })
  })
})

describe('the pages', () => {
  test('are those of the causes, and no others', () => {
    const files = readdirSync(join(root, 'src/causes/pages'))
    expect(files.toSorted()).toEqual(ids.map((id) => `${id}.md`).toSorted())
  })

  test.each(pages)('of $entry.id: nothing is empty', ({ entry, page }) => {
    expect(page.what.length).toBeGreaterThan(100)
    expect(page.what).not.toContain(entry.title)
    expect(page.what.split(/[.!?](?:\s|$)/).filter((sentence) => sentence !== '').length).toBeGreaterThanOrEqual(2)
    expect(page.tells.length).toBeGreaterThan(0)
    expect(page.fix.length).toBeGreaterThan(0)
    expect(page.background.length).toBeGreaterThan(60)
    for (const text of [page.what, ...page.tells, ...page.fix, page.background]) {
      expect(text).not.toBe('')
      expect(text).toBe(text.trim())
      expect(text).not.toMatch(/[\u2018\u2019\t]/)
      expect(text.split('\n').slice(1), 'lines after the first are code').toSatisfy((lines: string[]) =>
        lines.every((line) => line.startsWith('    ')),
      )
      expect(((text.split('\n')[0] ?? '').match(/`/g) ?? []).length % 2, `an odd backtick in: ${text}`).toBe(0)
    }
  })

  test.each(pages)('of $entry.id: commands are words, and no shell is needed', ({ page }) => {
    for (const command of page.commands) {
      expect(command.length).toBeGreaterThan(0)
      for (const word of command) {
        expect(word).not.toMatch(/&&|\||[<>`]|\$\(/)
        expect(word).not.toBe('')
      }
      // only code for an interpreter, such as behind `python -c`, has spaces
      expect(command.filter((word, index) => /\s/.test(word) && !['-c', 'EVAL'].includes(command[index - 1] ?? ''))).toEqual([])
    }
  })

  test('say something different of each', () => {
    for (const part of ['what', 'background'] as const) expect(new Set(pages.map(({ page }) => page[part])).size).toBe(ids.length)
  })

  test('refer to causes that there are', () => {
    const others = new Set(['redis-server', 'redis-cli', 'election-updates', 'rewrite-target', 'connect-src', 'legacy-cgi'])
    const referred = pages.flatMap(({ page }) =>
      [page.what, ...page.tells, ...page.fix, page.background].flatMap((text) =>
        [...text.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)+)`/g)].map((match) => match[1] ?? ''),
      ),
    )
    expect(referred.length).toBeGreaterThan(50)
    expect(referred.filter((id) => !isCauseId(id) && !others.has(id))).toEqual([])
  })
})

describe('a mistyped id', () => {
  test.each([
    ['redis-to-old', 'redis-too-old'],
    ['bzpopmin', 'redis-no-bzpopmin'],
    ['wsgi', 'wsgi-server-on-port'],
    ['orgin-rejected', 'origin-rejected'],
  ])('%s may be %s', (text, id) => {
    expect(nearestIds(text)).toContain(id)
    expect(nearestIds(text).length).toBeLessThanOrEqual(3)
  })

  test.each(['', 'x', 'something-else-altogether'])('%j is like none', (text) => {
    expect(nearestIds(text)).toEqual([])
  })
})
