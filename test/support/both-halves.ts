/** A checkout of both halves, backend and frontend, whose files name the ports of each other. */
import { startCli, type RunningCli } from './cli.ts'
import type { Ends } from './ends.ts'
import type { ProjectOptions, TestProject } from './project.ts'
import { freePort } from './redis.ts'
import { votesConsumer, writeViteFrontend, type ViteFrontendOptions } from './vite-frontend.ts'

export interface BothHalves {
  readonly made: TestProject
  readonly folder: string
  readonly port: number
  readonly page: number
  readonly start: (args?: readonly string[], env?: Readonly<Record<string, string | undefined>>) => RunningCli
}

/** What makes them in one file of tests; `start` is ended with the test. */
export function halvesOf({ keep, project }: Pick<Ends, 'keep' | 'project'>) {
  return async (
    frontend: (port: number, page: number) => ViteFrontendOptions = () => ({}),
    backend: (page: number) => ProjectOptions = () => ({}),
  ): Promise<BothHalves> => {
    const [port, page] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')]
    const made = await project({ consumer: votesConsumer, ...backend(page) })
    const socket = `\`\${import.meta.env.VITE_WS_URL ?? 'ws://localhost:${port}'}/ws/election-updates/\``
    const folder = await writeViteFrontend(made, { port: page, socket, ...frontend(port, page) })
    const start: BothHalves['start'] = (args = [], env = {}) => {
      const cli = startCli(['start', '--json', '--port', String(port), ...args], { cwd: made.root, env })
      keep({ stop: () => cli.end('SIGINT') })
      return cli
    }
    return { made, folder, port, page, start }
  }
}
