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

/** What takes a closer look, so it is taken at few of them. */
export interface SeenDetails {
  readonly cwd: string | undefined
  /** False: its paths are those of another root (a container). */
  readonly sameFiles: boolean
  readonly executable: string | undefined
  readonly listens: readonly { readonly address: string; readonly port: number }[]
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
  /** Who listens on the ports, looking at `likely` first and never at `never`; and which of the ports somebody unseen holds. */
  readonly holders: (
    ports: readonly number[],
    likely: readonly number[],
    never: ReadonlySet<number>,
  ) => { readonly pids: readonly number[]; readonly unseen: readonly number[] }
  readonly details: (pids: readonly number[]) => Promise<ReadonlyMap<number, SeenDetails>>
  /** Its environment as far as the names go; undefined where it may not be read. */
  readonly environment: (pid: number, names: readonly string[]) => Promise<Readonly<Record<string, string>> | undefined>
}
