import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { isFile, readText, realPath } from '../host/files.ts'
import { isWithin } from '../host/paths.ts'
import type { Host } from '../host/host.ts'
import { treeOf } from '../host/process-table.ts'
import { sourcesBelow } from './checkout-files.ts'
import { noSources } from './manage-py-places.ts'
import { machineView } from './machine-view.ts'
import { namedFolders } from './server-command.ts'
import { serverGroups, type ServerGroup } from './server-groups.ts'
import { managePyOf, readInvocation } from './server-invocation.ts'
import type { ServerProcess, ServersFact } from './server-process.ts'
import { unseenDetails, type Endpoint, type MachineView, type SeenDetails } from './server-view.ts'

/** What is asked about servers. */
export interface ServersRequest {
  /** Ports whose holders are wanted, whoever they are. */
  readonly ports: readonly number[]
  /** The checkout; undefined: no server can be told to be of it. */
  readonly root: string | undefined
  /** The folder of manage.py. */
  readonly backend: string | undefined
  /** Names of environment variables to read of Django servers. */
  readonly names: readonly string[]
  /** Bounds each tool and the search, in milliseconds. */
  readonly deadlineMs: number
  /** The process that doesn't count, nor what it started: this one unless given. */
  readonly self?: number
}

/**
 * Which servers run on this machine, as far as they hold one of the ports or
 * belong to the checkout. One look at the table of processes, and a closer one
 * at few of them. Never throws: what can't be seen is undefined, with a reason.
 */
export async function serversOf(host: Host, request: ServersRequest): Promise<ServersFact> {
  const view = await machineView(host, request.deadlineMs)
  if (view === undefined) return { onPorts: [], ofProject: [], source: undefined, problem: blindness(host) }
  const own = new Set(treeOf(view.rows, request.self ?? process.pid))
  const groups = serverGroups(view.rows.filter(({ pid }) => !own.has(pid)))
  const grouped = groups.flatMap(({ members }) => members.map(({ pid }) => pid))
  const held = view.holders(request.ports, grouped, own)
  const strangers = view.rows.filter(({ pid }) => held.pids.includes(pid) && !grouped.includes(pid))
  const details = await view.details([...grouped, ...strangers.map(({ pid }) => pid)])
  const places = await foldersOf(request)
  const seen = [...groups, ...strangers.map((leader) => ({ leader, command: undefined, members: [leader] }))]
  const entries = await Promise.all(seen.map((group) => describe(group, details, places)))
  const onPort = entries.filter(({ listens }) => listens.some(({ port }) => request.ports.includes(port)))
  const ofProject = entries.filter(({ command, project }) => command !== undefined && project === 'this')
  const known = new Map<number, ServerProcess>()
  for (const entry of new Set([...onPort, ...ofProject])) known.set(entry.pid, await withEnvironment(host, view, request.names, entry))
  const pick = (list: readonly ServerProcess[]): ServerProcess[] => list.flatMap(({ pid }) => known.get(pid) ?? [])
  return { onPorts: pick(onPort), ofProject: pick(ofProject), source: view.source, problem: unseenPorts(held.unseen) }
}

function blindness(host: Host): string {
  if (host.platform === 'linux') return 'the processes of this machine are not visible: /proc is not there or may not be read'
  return host.platform === 'win32'
    ? 'the processes of this machine are not visible: PowerShell did not list them'
    : 'the processes of this machine are not visible: ps did not list them'
}

function unseenPorts(sockets: readonly Endpoint[]): string | undefined {
  if (sockets.length === 0) return undefined
  return `what listens on port ${[...new Set(sockets.map(({ port }) => port))].join(', ')} is not visible to this user: a process of another user, or in a container`
}

/** With the PID whose environment is the server's, and which is read later. */
interface Entry extends ServerProcess {
  readonly serving: number
}

async function describe(group: ServerGroup, details: ReadonlyMap<number, SeenDetails>, places: Folders): Promise<Entry> {
  const { leader, command, members } = group
  const of = (pid: number): SeenDetails => details.get(pid) ?? unseenDetails
  const own = of(leader.pid)
  const listens = members.flatMap(({ pid }) => of(pid).listens)
  // the process that began them may hold the socket too, and yet serves nobody
  const workers = members.slice(1).filter(({ pid }) => of(pid).listens.length > 0 || of(pid).unixSockets.length > 0)
  const serving = workers.length > 0 ? workers : [leader]
  const since = serving.flatMap(({ startedAt }) => startedAt ?? [])
  return {
    pid: leader.pid,
    parent: leader.parent === 0 ? undefined : leader.parent,
    argv: leader.argv,
    cwd: own.cwd,
    executable: own.executable,
    stopped: members.flatMap(({ pid, stopped }) => (stopped === true ? [pid] : [])),
    state: serving.some(({ stopped }) => stopped === undefined)
      ? 'unknown'
      : serving.every(({ stopped }) => stopped === true)
        ? 'stopped'
        : 'running',
    startedAt: leader.startedAt,
    servingSince: since.length === 0 ? undefined : Math.max(...since),
    command,
    listens: listens.filter(
      (one, index) => listens.findIndex((other) => other.address === one.address && other.port === one.port) === index,
    ),
    unixSockets: [...new Set(members.flatMap(({ pid }) => of(pid).unixSockets))],
    project: await projectOf(leader.argv, command, own, {
      ...places,
      // files are compared of who was asked for alone
      isCompared: command !== undefined && listens.some(({ port }) => places.ports.includes(port)),
    }),
    env: undefined,
    logs: own.logs,
    serving: serving[0]?.pid ?? leader.pid,
  }
}

type Folders = Pick<ServersRequest, 'root' | 'backend' | 'ports'>

async function foldersOf({ root, backend, ports }: ServersRequest): Promise<Folders> {
  return {
    ports,
    root: root === undefined ? undefined : await realPath(root),
    backend: backend === undefined ? undefined : await realPath(backend),
  }
}

async function projectOf(
  argv: readonly string[],
  command: ServerProcess['command'],
  { cwd, sameFiles }: SeenDetails,
  places: Folders & { readonly isCompared: boolean },
): Promise<ServerProcess['project']> {
  if (!sameFiles || (places.root === undefined && places.backend === undefined)) return 'unknown'
  const folders = [places.root, places.backend].flatMap((folder) => folder ?? [])
  const isOurs = (path: string): boolean => folders.some((folder) => isWithin(folder, path))
  const managePy = await found(cwd, readInvocation(argv)?.managePy ?? managePyOf(argv))
  // a server that has changed its folder since named it from another one
  const { backend, isCompared } = places
  const elsewhere = async (paths: readonly string[]) => (isCompared && (await isCopy(backend, paths)) ? 'copy' : 'other')
  if (managePy !== undefined && (await isFile(managePy)))
    return (backend === undefined ? isOurs(managePy) : isWithin(backend, managePy)) ? 'this' : elsewhere([dirname(managePy)])
  const named = await Promise.all(namedFolders(argv).map((folder) => found(cwd, folder)))
  if (backend !== undefined && named.some((folder) => folder !== undefined && isWithin(backend, folder))) return 'this'
  if (cwd === undefined) return 'unknown'
  const folder = await realPath(cwd)
  // a copy may lie beside the backend, in the same checkout; what is no Django server there is the page's
  const isBeside = command !== undefined && backend !== undefined && !isWithin(folder, backend) && !isWithin(backend, folder)
  if (isOurs(folder) && !isBeside) return 'this'
  const theirs = [folder, ...named.filter((each) => each !== undefined)]
  const module = command?.application?.split(':')[0]?.replaceAll('.', sep)
  const files = module === undefined ? [] : theirs.flatMap((each) => [join(each, `${module}.py`), join(each, module, '__init__.py')])
  // a module that isn't there was found by PYTHONPATH, or is installed: its folder says nothing
  if (files.length > 0 && !(await Promise.all(files.map((file) => isFile(file)))).includes(true)) return 'unknown'
  return elsewhere(theirs)
}

/** As many of the project's own files are compared with those of a server that runs elsewhere. */
const mostCompared = 100

/** Whether most files of this backend are in one of the other folders as well. */
async function isCopy(backend: string | undefined, folders: readonly string[]): Promise<boolean> {
  if (backend === undefined) return false
  // an empty __init__.py is everybody's
  const texts = await Promise.all(
    (await sourcesBelow(backend, noSources)).slice(0, mostCompared).map(async (file) => ({ file, text: await readText(file) })),
  )
  const own = texts.filter(({ file, text = '' }) => text.trim() !== '' && basename(file) !== 'manage.py')
  const isThere = async (folder: string): Promise<boolean> => {
    const same = await Promise.all(own.map(async ({ file, text }) => (await readText(join(folder, relative(backend, file)))) === text))
    return own.length > 0 && same.filter(Boolean).length * 2 >= own.length
  }
  return (await Promise.all(folders.map(isThere))).includes(true)
}

/** A path of another process, links resolved; undefined where it can't be told from here. */
async function found(cwd: string | undefined, path: string | undefined): Promise<string | undefined> {
  if (path === undefined || (cwd === undefined && !isAbsolute(path))) return undefined
  return realPath(resolve(cwd ?? sep, path))
}

/** Adds what was asked of its environment. What looks secret there or among its arguments is registered before anybody gets it. */
async function withEnvironment(host: Host, view: MachineView, names: readonly string[], entry: Entry): Promise<ServerProcess> {
  const { serving, ...server } = entry
  for (const [index, arg] of server.argv.entries()) {
    const [, option = '', value] = /^--?([\w-]+)(?:=(.*))?$/s.exec(arg) ?? []
    host.secrets.addNamed(option, value ?? server.argv[index + 1] ?? '')
  }
  if (server.command === undefined || names.length === 0) return server
  const env = await view.environment(serving, names)
  host.secrets.addFrom(env ?? {})
  return { ...server, env }
}
