/** What `start --json` says of the page. */
import type { RunningCli } from './cli.ts'
import { until } from './redis.ts'

export interface PageRow {
  readonly state: string
  readonly text: string
  readonly url: string
  readonly sockets: readonly { readonly url: string; readonly state: string }[]
  readonly diagnosis?: {
    readonly id: string
    readonly evidence: readonly string[]
    readonly remedy: { readonly commands: string[][]; readonly text: string }
  }
}

/** The page's rows that have come so far. */
function rowsOf(cli: RunningCli): PageRow[] {
  return cli
    .stdout()
    .split('\n')
    .flatMap((line) => (line.endsWith('}') ? [JSON.parse(line)] : []))
    .filter(({ event, state }) => event === 'page' && state !== 'looking')
}

/** The page's row once it is decided, the last where there are as many as `count`; throws where the command ends before, or after `deadlineMs`. */
export async function pageRowOf(cli: RunningCli, { count = 1, deadlineMs = 30_000 } = {}): Promise<PageRow> {
  const has = async () => {
    if (cli.child.exitCode !== null) throw new Error(`it has ended:\n${cli.stdout()}\n${cli.stderr()}`)
    return Promise.resolve(rowsOf(cli).length >= count)
  }
  await until(has, deadlineMs)
  const row = rowsOf(cli).at(-1)
  if (row === undefined) throw new Error(cli.stdout())
  return row
}
