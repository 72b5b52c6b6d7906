/** The project's own workflows call what there is. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/tools.ts'

const folder = join(root, '.github', 'workflows')

test.each(await readdir(folder))('%s runs scripts of package.json, and programs that are there', async (name) => {
  const text = await readFile(join(folder, name), 'utf8')
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const called = [...text.matchAll(/npm (?:run (?:--silent )?([\w:]+)|(test|start))\b/g)].map(([, run, short]) => run ?? short)
  for (const script of called) expect(scripts).toHaveProperty([script ?? ''])
  for (const [, file = ''] of text.matchAll(/run: (\.ci\/\w+)/g)) await readFile(join(root, file))
  expect(called.length + (text.includes('.ci/run') ? 1 : 0)).toBeGreaterThan(0)
})
