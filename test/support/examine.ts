/** An examination of a test's project, as doctor would ask for it. */
import { examine, type ExamineConsumer, type ExamineRequest } from '../../src/facts/examine.ts'
import type { Examination } from '../../src/facts/examination.ts'
import { thoroughLook } from '../../src/look/inside.ts'
import { testHost } from './host.ts'
import type { TestProject } from './project.ts'
import { pythonOf } from './tools.ts'

/** The handshake of the seed's page. */
export const page: ExamineConsumer = {
  path: '/ws/election-updates/',
  queryString: '',
  origin: 'http://localhost:5173',
  headers: { host: 'localhost:8000' },
  subprotocols: [],
  ping: { type: 'ping' },
  limitMs: 1500,
  watchMs: 500,
}

/** Examines the project; what isn't given is as a project in order has it, without a handshake. */
export async function look({ backend }: TestProject, request: Partial<ExamineRequest> = {}): Promise<Examination> {
  const env = { PATH: process.env['PATH'], ...request.env }
  return examine(testHost(backend, env), {
    python: pythonOf('main'),
    backend,
    settingsModule: 'core.settings',
    application: 'core.asgi:application',
    nonce: 'n',
    tell: thoroughLook.filter((stage) => stage !== 'trip'),
    deadlineMs: 20_000,
    ...request,
    env,
  }).ended
}
