import { afterEach, expect } from 'vitest'
import { doctor, real } from '../support/doctor.ts'
import { makeProject, type TestProject } from '../support/project.ts'
import { freePort } from '../support/redis.ts'
import { startServer, type RunningServer } from '../support/servers.ts'

let project: TestProject | undefined
let server: RunningServer | undefined
afterEach(async () => {
  await server?.stop()
  await project?.remove()
  server = project = undefined
})

const urlOf = (port: number) => `ws://127.0.0.1:${port}/ws/election-updates/`

real('server-not-running', 'nothing was started', async () => {
  project = await makeProject()
  const answer = await doctor(project.root, { url: urlOf(await freePort('127.0.0.1')) })
  expect(answer.id, answer.evidence).toBe('server-not-running')
  expect(answer.evidence).toContain('ECONNREFUSED')
})

real('wsgi-server-on-port', 'runserver without the daphne app', async () => {
  project = await makeProject()
  server = await startServer('runserver', project)
  const answer = await doctor(project.root, { url: urlOf(server.port) })
  expect(answer.id, answer.evidence).toBe('wsgi-server-on-port')
  expect(answer.evidence).toContain(`PID ${server.pid}`)
})
