import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { examine, type ExamineConsumer, type ExamineRequest } from '../../src/facts/examine.ts'
import type { Examination } from '../../src/facts/examination.ts'
import { testHost } from '../support/host.ts'
import { makeProject, openConsumer, type ProjectOptions, type TestProject } from '../support/project.ts'
import { pythonOf } from '../support/tools.ts'

let project: TestProject | undefined
afterEach(async () => {
  await project?.remove()
  project = undefined
})

const page: ExamineConsumer = {
  path: '/ws/election-updates/',
  queryString: '',
  origin: 'http://localhost:5173',
  headers: { host: 'localhost:8000' },
  subprotocols: [],
  ping: { type: 'ping' },
  limitMs: 1500,
  watchMs: 600,
}

/** Makes the project and examines it; what the request doesn't say is as the page has it. */
async function look(options: ProjectOptions, request: Partial<ExamineRequest> = {}): Promise<Examination> {
  project ??= await makeProject(options)
  const env = { PATH: process.env['PATH'], ...request.env }
  return examine(testHost(project.backend, env), {
    python: pythonOf('main'),
    backend: project.backend,
    settingsModule: 'core.settings',
    application: 'core.asgi:application',
    nonce: 'n',
    names: [],
    consumer: undefined,
    layerTrip: false,
    onlySettings: false,
    deadlineMs: 20_000,
    ...request,
    env,
  })
}

test('a project in order', async () => {
  const seen = await look({}, { consumer: page, layerTrip: true })
  console.log(JSON.stringify([seen.how, seen.elapsedMs, seen.output, ...['start','shadows','settings','folders','application','asgi_setting','layer','trip','database','migrations','consumer','broadcasts','standing'].map((n) => seen.get(n as never))], undefined, 1))
  console.log(JSON.stringify(['settings','application','layer','trip','database','consumer','broadcasts'].map((n) => seen.errorOf(n as never)), undefined, 1))
})
void existsSync, join, describe, expect, openConsumer
