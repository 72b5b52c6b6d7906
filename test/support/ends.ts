/** What a test makes and has to end: servers, projects, folders. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect } from 'vitest'
import { removeFiles } from './files.ts'
import { makeMark, type Mark } from './processes.ts'
import { makeProject, type ProjectOptions, type TestProject } from './project.ts'
import { basePython } from './tools.ts'
import { startServer, type RunningServer, type ServerKind } from './servers.ts'

export interface Ends {
  /** Ends it after the test, the last that was given first. */
  readonly keep: <Thing extends { readonly stop: () => Promise<unknown> }>(thing: Thing) => Thing
  readonly project: (options?: ProjectOptions) => Promise<TestProject>
  readonly server: (
    kind: ServerKind,
    project: TestProject,
    options?: NonNullable<Parameters<typeof startServer>[2]>,
  ) => Promise<RunningServer>
  /** A loopback port that nothing serves, and that nobody is given while the test runs. */
  readonly quietPort: () => Promise<number>
  /** An empty folder outside of every project. */
  readonly folder: () => Promise<string>
}

/** For a file of tests that run one after the other. */
export function ending(): Ends {
  const made: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (let end = made.pop(); end !== undefined; end = made.pop()) await end()
  })
  const keep: Ends['keep'] = (thing) => {
    made.push(thing.stop)
    return thing
  }
  return {
    keep,
    project: async (options) => {
      const project = await makeProject(options)
      made.push(project.remove)
      return project
    },
    server: async (kind, project, options) => keep(await startServer(kind, project, options)),
    quietPort: async () => {
      // bound and not listening: connections are refused, and the kernel gives the port to nobody
      const hold =
        "import socket, sys; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); sys.stdin.read()"
      const child = spawn(basePython(), ['-c', hold], { stdio: ['pipe', 'pipe', 'inherit'] })
      made.push(async () => {
        child.stdin.end()
        if (child.exitCode === null) await once(child, 'exit')
      })
      const [line]: unknown[] = await once(child.stdout, 'data')
      return Number(String(line))
    },
    folder: async () => {
      const folder = await mkdtemp(join(tmpdir(), 'election-'))
      made.push(() => rm(folder, { recursive: true, force: true }))
      return folder
    },
  }
}

/** The seed's WebSocket on a port. */
export const urlOf = (port: number, path = '/ws/election-updates/'): string => `ws://127.0.0.1:${port}${path}`

/** A mark for each test of a file, which may leave none of its processes, nor of the files that `filesIn` made. */
export function markEach(): () => Mark {
  let mark: Mark | undefined
  beforeEach(async () => {
    mark = await makeMark()
  })
  afterEach(async () => {
    expect(await mark?.processes()).toEqual([])
    await removeFiles()
    await mark?.remove()
  })
  return () => {
    if (mark === undefined) throw new Error('there is a mark within a test alone')
    return mark
  }
}
