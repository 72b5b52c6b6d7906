import type { Project } from '../facts/project.ts'
import { serversOf } from '../facts/servers.ts'
import { isThisMachine } from '../facts/this-machine.ts'
import type { Host } from '../host/host.ts'
import { hostOf, portOf } from '../host/urls.ts'

/** How long the look at the processes may take, and the look-up of a name, in milliseconds. */
const limits = { servers: 3000, lookup: 1000 }

/** Who listens at a URL of this machine, as far as that shows. */
async function listeners(host: Host, { root, backend }: Project, url: URL) {
  return serversOf(host, { ports: [portOf(url)], root, backend, names: [], deadlineMs: limits.servers })
}

/** Whether a server of the project is seen to listen at a URL, and nobody else. Never throws. */
export async function isServedBy(host: Host, project: Project, url: URL): Promise<boolean> {
  if (!(await isThisMachine(hostOf(url), limits.lookup))) return false
  const { onPorts, problem } = await listeners(host, project, url)
  const isOwn = ({ project: whose, command }: (typeof onPorts)[number]) => whose === 'this' && command !== undefined
  return problem === undefined && onPorts.length > 0 && onPorts.every(isOwn)
}

/** Why nothing that stands for a user of the project may be sent to a URL that nobody has given; undefined where a process of the project listens there, or none. Never throws. */
export async function strangerAt(host: Host, project: Project, url: URL): Promise<string | undefined> {
  if (!(await isThisMachine(hostOf(url), limits.lookup))) return `${hostOf(url)} is another machine`
  const port = portOf(url)
  const { onPorts, problem } = await listeners(host, project, url)
  if (problem !== undefined) return problem
  const stranger = onPorts.find((listener) => listener.project !== 'this')
  return stranger && `PID ${stranger.pid}, which listens on port ${port}, is not seen to be a process of this project`
}
