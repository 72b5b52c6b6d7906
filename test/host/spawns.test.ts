/** The doors that processes are started through: each sees to it that what it starts ends. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/tools.ts'

const doors: Readonly<Record<string, string>> = {
  'run/guarded.ts': 'what a run keeps up or waits for, under the guard that ends it with the launcher',
  'host/processes.ts': 'a short command, to its end or its deadline',
  'host/process-listing.ts': "a question to the system's own tools, with a deadline",
  'host/background-process.ts': 'the launcher itself, which is to outlive its starter',
  'facts/examine.ts': 'the look at a project that nothing serves, with a deadline',
  'run/browser.ts': "the user's own browser, which is to outlive the launcher",
  'run/page-looker.ts': 'a browser that looks at a page, below the guard of the process that looks',
  'run/process-tree.ts': 'taskkill, while Node itself ends',
  'run/guarded-command.ts': 'the guard of Windows, which is a program of ours',
  'run/guard.ts': 'what that guard stands above',
}

test('no source starts a process by another way', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  expect(sources.length).toBeGreaterThan(300)
  const starts =
    /(?<!import type \{[^}]*\} )from '(?:node:child_process|cross-spawn|execa)'|import\('(?:node:child_process|cross-spawn|execa)'\)/
  const found = sources
    .filter((file) => starts.test(readFileSync(join(root, 'src', file), 'utf8')))
    .map((file) => file.replaceAll(sep, '/'))
  expect(found.toSorted()).toEqual(Object.keys(doors).toSorted())
})
