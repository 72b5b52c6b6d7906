/** What CONTRIBUTING.md says of the folders holds for the folders that are there. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/tools.ts'

test('each folder of the sources has its row in the table of CONTRIBUTING.md, and each row its folder', async () => {
  const text = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `src\/([\w-]+)` \|/gm)].map(([, name]) => name)
  const entries = await readdir(join(root, 'src'), { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  expect(rows.toSorted()).toEqual(folders.toSorted())
})

test('the linter holds the direction of the imports of each of them', async () => {
  const { overrides }: { overrides: readonly { files: readonly string[] }[] } = JSON.parse(
    await readFile(join(root, '.oxlintrc.json'), 'utf8'),
  )
  const held = overrides.flatMap(({ files }) => files)
  const text = await readFile(join(root, 'CONTRIBUTING.md'), 'utf8')
  // the last one may import any, and the one in Python none
  const rows = [...text.matchAll(/^\| `src\/([\w-]+)` \|/gm)]
    .map(([, name]) => name)
    .filter((name) => name !== 'commands' && name !== 'inside')
  expect(rows.filter((name) => !held.includes(`src/${name}/**`))).toEqual([])
})
