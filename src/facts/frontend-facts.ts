import type { Config } from '../config/config.ts'
import type { Host } from '../host/host.ts'
import { findFrontend, type FrontendFact } from './frontend-app.ts'
import { readFrontend, type FrontendReading } from './frontend-reading.ts'
import { findProgram, type ProgramFact } from './package-bin.ts'

/** All that the files of a frontend tell, without starting anything of it. */
export interface FrontendFiles {
  readonly frontend: FrontendFact
  /** Undefined where there is no frontend, or no command that could be looked for. */
  readonly program: ProgramFact | undefined
  readonly reading: FrontendReading
}

const nothing: FrontendReading = {
  urls: [],
  variables: [],
  proxies: [],
  values: [],
  uses: [],
  ports: [],
  configured: [],
  pageSocket: undefined,
}

/**
 * Gathers everything about the frontend of a checkout. `node`: the interpreter
 * of JavaScript that is to run it. Never throws. To be asked anew once its
 * packages were installed.
 */
export async function gatherFrontend(
  host: Pick<Host, 'env' | 'platform'>,
  config: Pick<Config, 'frontend'>,
  project: { readonly root: string; readonly backend: string },
  node: string,
): Promise<FrontendFiles> {
  const frontend = await findFrontend(config, project)
  if (frontend.kind === 'none') return { frontend, program: undefined, reading: nothing }
  const { folder, command, dependencies } = frontend.app
  const [program, reading] = await Promise.all([
    command.kind === 'command' ? findProgram(host, folder, command.command, dependencies, node) : undefined,
    readFrontend(folder),
  ])
  return { frontend, program, reading }
}
