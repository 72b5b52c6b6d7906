import { describe, expect, test } from 'vitest'
import { pageOf } from '../../src/causes/page.ts'
import { causeOf, causes, type CauseId } from '../../src/causes/causes.ts'
import { explainCommand, listCommand } from '../../src/commands/doctor-causes.ts'
import { LauncherError } from '../../src/errors.ts'
import { causeJson, explainText, listText } from '../../src/report/known-cause.ts'
import { testHost, type TestHost } from '../support/host.ts'

/** A host with a terminal of that width. */
function terminalOf(columns: number, color = false): TestHost {
  const host = testHost('/tmp')
  return { ...host, terminal: { ...host.terminal, columns, color } }
}

async function explained(id: CauseId, columns: number, color = false): Promise<string[]> {
  return explainText(terminalOf(columns, color), causeOf(id), await pageOf(id))
}

/** Prose lines: code and commands stay as they are, whatever the width. */
function prose(lines: readonly string[]): string[] {
  return lines.filter((line) => /^ {2}\S|^ {4}(?:-|\d\.) /.test(line))
}

describe('a page', () => {
  test('has all parts, and code as it stands', async () => {
    const lines = await explained('proxy-strips-upgrade', 100)
    const text = lines.join('\n')
    expect(lines[1]).toMatch(/^ {2}A proxy doesn't pass the WebSocket upgrade on +proxy-strips-upgrade$/)
    for (const part of ['How to tell', 'How to fix it', 'Background']) expect(lines).toContain(`  ${part}`)
    expect(text).toContain('\n               proxy_set_header Upgrade $http_upgrade;\n')
    expect(text).toContain('\n    nginx -s reload\n')
    expect(lines).toContain('  This is yours to fix.')
  })

  test.each([60, 80, 100, 200])('of every cause keeps its prose within %i columns, and within 100', async (columns) => {
    for (const { id } of causes) {
      const lines = (await explained(id, columns)).slice(2)
      const long = prose(lines).filter((line) => line.length > Math.min(columns, 100) && line.trim().includes(' '))
      expect(long, id).toEqual([])
    }
  })

  test('never has a line that ends in a space, nor two empty ones in a row', async () => {
    for (const { id } of causes) expect((await explained(id, 80)).join('\n'), id).not.toMatch(/[^\S\n]$|\n\n\n/m)
  })

  test('has colour where the terminal has, and says the same without', async () => {
    const plain = await explained('redis-too-old', 90)
    const coloured = await explained('redis-too-old', 90, true)
    expect(plain.join('\n')).not.toContain('\u{1b}')
    expect(coloured.join('\n')).toContain('\u{1b}[')
    // oxlint-disable-next-line no-control-regex
    expect(coloured.map((line) => line.replaceAll(/\u{1b}\[\d+m/gu, ''))).toEqual(plain)
  })

  test('as JSON is one document with every part', async () => {
    const host = terminalOf(80)
    expect(await explainCommand(host, 'redis-too-old', { json: true })).toBe(0)
    expect(host.said).toHaveLength(1)
    const document: unknown = JSON.parse(host.said[0] ?? '')
    expect(document).toMatchObject({ schemaVersion: 1, command: 'doctor', id: 'redis-too-old', family: 'redis', automatic: 'ask' })
    const { fix, ...page } = await pageOf('redis-too-old')
    expect(document).toHaveProperty('page', { ...page, mend: fix })
  })

  test('is found whatever the case', async () => {
    const host = terminalOf(80)
    expect(await explainCommand(host, ' Redis-Too-Old', { json: false })).toBe(0)
    expect(host.said.join('\n')).toContain('BZPOPMIN')
  })

  test('of an id that is none is a usage error, which names the nearest', async () => {
    const failure = await explainCommand(terminalOf(80), 'redis-to-old', { json: false }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(LauncherError)
    expect(failure).toMatchObject({ code: 'usage', exitCode: 2 })
    expect(failure).toHaveProperty('hint', expect.stringContaining('redis-too-old'))
  })
})

describe('the list', () => {
  test.each([50, 80, 100])('names every cause under its family within %i columns', (columns) => {
    const lines = listText(terminalOf(columns))
    expect(lines.filter((line) => line.length > columns)).toEqual([])
    for (const { id } of causes) expect(lines.filter((line) => line.trim().split(/\s+/)[0] === id)).toHaveLength(1)
    expect(lines.indexOf('  Redis')).toBeLessThan(lines.findIndex((line) => line.includes('redis-too-old')))
    expect(lines.indexOf('  Database')).toBeGreaterThan(lines.findIndex((line) => line.includes('redis-cluster')))
  })

  test('as JSON has id, family, severity, automatic and title of each', async () => {
    const host = terminalOf(80)
    expect(await listCommand(host, { json: true })).toBe(0)
    expect(JSON.parse(host.said.join(''))).toEqual({ schemaVersion: 1, command: 'doctor', checks: causes.map(causeJson) })
  })
})
