/** A project with a launcher on it, and what must be as before once the launcher has ended. */
import { expect } from 'vitest'
import { startCli, type RunningCli } from './cli.ts'
import { filesOf, listens, makeMark, type Mark } from './processes.ts'
import { makeProject, type ProjectOptions, type TestProject } from './project.ts'
import { freePort, until } from './redis.ts'

export interface Stand {
  readonly project: TestProject
  readonly port: number
  readonly mark: Mark
  /** Arguments of `start`, the port among them. */
  readonly args: readonly string[]
  /** Starts the launcher; the stand ends it where the test doesn't. */
  readonly start: (args?: readonly string[], env?: Readonly<Record<string, string>>) => RunningCli
  /** Nothing of the run is left: no process, no listening port, no file. */
  readonly expectNothingLeft: () => Promise<void>
  readonly remove: () => Promise<void>
}

/** Makes a stand. Its project has been started by nobody yet. */
export async function makeStand(options: ProjectOptions = {}): Promise<Stand> {
  const project = await makeProject({ style: 'plain', ...options })
  const mark = await makeMark()
  const port = await freePort('127.0.0.1')
  const before = await filesOf(project.root)
  const args = ['start', '--port', String(port)]
  return {
    project,
    port,
    mark,
    args,
    start: (more = [], env = {}) => startCli([...args, ...more], { cwd: project.root, env: { ...mark.env, ...env } }),
    expectNothingLeft: async () => {
      expect(await mark.processes()).toEqual([])
      expect(await listens(port)).toBe(false)
      expect(await mark.temporary()).toEqual([])
      // sqlite makes its file when it is first asked
      expect((await filesOf(project.root)).filter((file) => !file.endsWith('db.sqlite3'))).toEqual(before)
    },
    remove: async () => {
      for (const pid of await mark.processes()) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // it ended by itself
        }
      }
      await until(async () => (await mark.processes()).length === 0)
      await mark.remove()
      await project.remove()
    },
  }
}
