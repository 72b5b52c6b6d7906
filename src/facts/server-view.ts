/** What every platform's look at its processes comes to. */

/** A process, as the table of processes tells it. Zombies aren't among them. */
export interface SeenProcess {
  readonly pid: number
  readonly parent: number
  /** Empty where this user may not see it, or for a kernel thread. */
  readonly argv: readonly string[]
  /** Undefined where the system doesn't tell (Windows). */
  readonly stopped: boolean | undefined
  /** Milliseconds since 1970. */
  readonly startedAt: number | undefined
}

/** Where something listens. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** What takes a closer look, so it is taken at few of them. */
export interface SeenDetails {
  readonly cwd: string | undefined
  /** False: its paths are those of another root (a container). */
  readonly sameFiles: boolean
  readonly executable: string | undefined
  readonly listens: readonly Endpoint[]
  readonly unixSockets: readonly string[]
  readonly logs: readonly string[]
}

export const unseenDetails: SeenDetails = {
  cwd: undefined,
  sameFiles: true,
  executable: undefined,
  listens: [],
  unixSockets: [],
  logs: [],
}

/** One look at the machine. Nothing of it throws. */
export interface MachineView {
  readonly source: '/proc' | 'lsof' | 'windows'
  readonly rows: readonly SeenProcess[]
  /** Who listens on the ports, looking at `likely` first and never at `never`; and which sockets of theirs somebody unseen holds. */
  readonly holders: (
    ports: readonly number[],
    likely: readonly number[],
    never: ReadonlySet<number>,
  ) => { readonly pids: readonly number[]; readonly unseen: readonly Endpoint[] }
  readonly details: (pids: readonly number[]) => Promise<ReadonlyMap<number, SeenDetails>>
  /** Its environment as far as the names go; undefined where it may not be read. */
  readonly environment: (pid: number, names: readonly string[]) => Promise<Readonly<Record<string, string>> | undefined>
}

/** The view of a machine whose tools tell all listening sockets with their processes at once. */
export function viewOfTables(
  source: MachineView['source'],
  rows: readonly SeenProcess[],
  listening: readonly (Endpoint & { readonly pid: number })[],
  seen: (pids: readonly number[]) => Promise<ReadonlyMap<number, Partial<SeenDetails>>>,
): MachineView {
  const listensOf = (pid: number) => listening.flatMap((row) => (row.pid === pid ? [{ address: row.address, port: row.port }] : []))
  return {
    source,
    rows,
    holders: (ports, _, never) => ({
      pids: [...new Set(listening.flatMap(({ pid, port }) => (ports.includes(port) && !never.has(pid) ? [pid] : [])))],
      unseen: [],
    }),
    details: async (pids) => {
      const known = await seen(pids)
      return new Map(pids.map((pid) => [pid, { ...unseenDetails, ...known.get(pid), listens: listensOf(pid) }]))
    },
    // macOS shows another process's on no terms, Windows neither
    environment: () => Promise.resolve(undefined),
  }
}
