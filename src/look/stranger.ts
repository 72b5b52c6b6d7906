import type { Project } from '../facts/project.ts'
import { serversOf } from '../facts/servers.ts'
import { isThisMachine } from '../facts/this-machine.ts'
import type { Host } from '../host/host.ts'
import { hostOf, portOf } from '../host/urls.ts'

/** How long the look at the processes may take, and the look-up of a name, in milliseconds. */
const limits = { servers: 3000, lookup: 1000 }

/** Why nothing that stands for a user of the project may be sent to a URL that nobody has given; undefined where a process of the project listens there, or none. Never throws. */
export async function strangerAt(host: Host, { root, backend }: Project, url: URL): Promise<string | undefined> {
  if (!(await isThisMachine(hostOf(url), limits.lookup))) return `${hostOf(url)} is another machine`
  const port = portOf(url)
  const { onPorts, problem } = await serversOf(host, { ports: [port], root, backend, names: [], deadlineMs: limits.servers })
  if (problem !== undefined) return problem
  const stranger = onPorts.find(({ project }) => project !== 'this')
  return stranger && `PID ${stranger.pid}, which listens on port ${port}, is not seen to be a process of this project`
}
