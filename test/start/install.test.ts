/** Requirements that can't be installed, by a real uv and packages of our own. All of them, and with pip: test/slow/install.test.ts. */
import { afterEach, beforeAll, test } from 'vitest'
import type { FreshProject } from '../support/fresh-project.ts'
import { installRows, refusedInstall } from '../support/install-rows.ts'
import { prepareEnvironment } from '../support/tools.ts'

let project: FreshProject | undefined

beforeAll(async () => {
  await prepareEnvironment('uv')
}, 120_000)

afterEach(() => project?.remove())

const quick = ['a build that fails', 'a condition that excludes this Python']

test.each(installRows.filter(({ name }) => quick.includes(name)))('requirement-not-installable: $name', async (row) => {
  project = await refusedInstall(row, 'uv')
})
