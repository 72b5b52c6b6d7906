import { basename } from 'node:path'
import type { FrontendApp, FrontendFact } from './frontend-app.ts'
import { foldersIn } from './manage-py-places.ts'

/** Folders whose own apps are no part of the project's page. */
const besides = /^(?:docs?|examples?|samples?|demos?|tests?|e2e)$/
/** So many folders of folders are looked at. */
const mostBelow = 60

/** The one app of a folder of apps whose script runs a dev server that is known, or the one among them whose name says so. */
export async function inWorkspaces(
  parents: readonly string[],
  backend: string,
  appIn: (folder: string) => Promise<FrontendApp | undefined>,
  saysSo: (folder: string) => boolean,
): Promise<FrontendFact> {
  const folders = (await Promise.all(parents.filter((parent) => !besides.test(basename(parent))).map((parent) => foldersIn(parent))))
    .flat()
    .filter((folder) => folder !== backend)
  const found = (await Promise.all(folders.slice(0, mostBelow).map((folder) => appIn(folder)))).filter(
    (app): app is FrontendApp => app?.command.kind === 'command' && app.tool !== 'other',
  )
  const named = found.filter(({ folder }) => saysSo(folder))
  const [app, another] = found.length > 1 ? named : found
  if (app !== undefined && another === undefined) return { kind: 'app', app }
  if (found.length === 0) {
    const why = `none of the first ${mostBelow} of ${folders.length} folders has one. To start one: --frontend FOLDER`
    return { kind: 'none', why: folders.length > mostBelow ? why : undefined }
  }
  const [first] = found
  const several = `none of ${found.length} frontends is started: ${found.map(({ shown }) => shown).join(', ')}. To start one: --frontend ${first?.shown ?? ''}`
  return { kind: 'none', why: undefined, several }
}
