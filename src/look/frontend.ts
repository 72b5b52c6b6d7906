import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { frontendOrigin } from '../facts/frontend-app.ts'
import {
  askFrontend,
  gatherFrontend,
  readFrontend,
  withAnswer,
  type FrontendFiles,
  type FrontendReading,
} from '../facts/frontend-reading.ts'
import type { Host } from '../host/host.ts'
import { withoutOurs } from '../host/secret-names.ts'

/** The frontend of a checkout as its own dev tool tells it, where its packages are there, else as its files do. Never throws. */
export async function lookAtFrontend(
  host: Pick<Host, 'env' | 'platform'>,
  config: Pick<Config, 'frontend'>,
  project: { readonly root: string; readonly backend: string },
): Promise<FrontendFiles> {
  const files = await gatherFrontend(host, config, project, process.execPath)
  const command = files.frontend.kind === 'app' ? files.frontend.app.command : undefined
  const env = { ...withoutOurs(host.env), ...(command?.kind === 'command' ? command.command.env : {}) }
  const asked = await askFrontend(files, { env, node: process.execPath })
  return asked?.kind === 'answer' ? withAnswer(files, asked.answer) : files
}

/** The Origin that its page has: what the browser will send. Undefined where there is none, or nothing tells its port. */
export async function askedOrigin(...context: Parameters<typeof lookAtFrontend>): Promise<string | undefined> {
  return frontendOrigin((await lookAtFrontend(...context)).frontend)
}

/** What the frontend says of its backend by its files alone. */
export async function writtenWiring(...[host, config, project]: Parameters<typeof lookAtFrontend>): Promise<FrontendReading> {
  return wiringOf(await gatherFrontend(host, config, project, process.execPath), project.root)
}

/** What the frontend says of its backend; where there is none that could be started, what is written in `frontend/`. */
export async function wiringOf({ frontend, reading }: FrontendFiles, root: string): Promise<FrontendReading> {
  return frontend.kind === 'app' ? reading : { ...(await readFrontend(join(root, 'frontend'))), folder: 'frontend' }
}
