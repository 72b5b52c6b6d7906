/** Requirements that can't be installed, by uv and by pip. */
import { afterEach, beforeAll, describe, test } from 'vitest'
import type { FreshProject } from '../support/fresh-project.ts'
import { installRows, refusedInstall } from '../support/install-rows.ts'
import { prepareEnvironment } from '../support/tools.ts'

let project: FreshProject | undefined

beforeAll(async () => {
  await prepareEnvironment('uv')
}, 120_000)

afterEach(() => project?.remove())

describe.each(['uv', 'pip'] as const)('%s', (tool) => {
  test.each(installRows)('$name', { timeout: 120_000 }, async (row) => {
    project = await refusedInstall(row, tool)
  })
})
