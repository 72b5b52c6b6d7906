/** A host for tests: this machine's platform, an environment and a folder of the test's own, a terminal that keeps what it is told. */
import type { Host } from '../../src/host/host.ts'
import { Secrets } from '../../src/host/secrets.ts'

export interface TestHost extends Host {
  /** Everything that was written to the terminal, a line each. */
  readonly said: readonly string[]
}

/** Makes a host that runs in the folder; `env` is all of its environment. */
export function testHost(cwd: string, env: Host['env'] = {}): TestHost {
  const said: string[] = []
  const variables = { ...env }
  const secrets = new Secrets()
  const say = (line: string) => void said.push(line)
  return {
    platform: process.platform,
    env: variables,
    give: (more) => void Object.assign(variables, more),
    cwd,
    now: () => performance.now(),
    terminal: {
      out: say,
      err: say,
      ciCommand: say,
      log: say,
      json: (value) => say(secrets.json(value)),
      jsonLog: (value) => say(secrets.json(value)),
      full: () => false,
      drained: (callback) => callback(),
      interactive: false,
      outIsTerminal: false,
      errIsTerminal: false,
      color: false,
      columns: 80,
      screen: undefined,
    },
    secrets,
    said,
  }
}
