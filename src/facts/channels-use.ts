import { readText } from '../host/files.ts'
import { sourcesBelow } from './checkout-files.ts'
import { noSources } from './manage-py-places.ts'
import { moduleFile } from './modules.ts'
import type { Project } from './project.ts'
import type { Requirements } from './requirements.ts'

/** What a project with a WebSocket of its own can't do without, in one form or another. */
const trace = /channels|websocket|daphne|socketio/i
/** A line of a requirements file that asks for what it doesn't name: a folder, a wheel, a repository. */
const nameless = /^[ \t]*(?:-e\b|--editable\b|\.|\/|[a-z+]+:\/\/)|\.whl\b/m

/**
 * Whether anything of the project tells of Channels, or of a WebSocket at all: a
 * requirement or a line of its Python. False only where all of it was read.
 */
export async function speaksOfChannels(project: Project, requirements: Requirements | undefined): Promise<boolean> {
  const asked = [...(requirements?.lines ?? []), ...(requirements?.development ?? [])]
  // what only another tool can read may bring it
  if (requirements !== undefined && asked.length === 0) return true
  if (asked.some(({ spec }) => trace.test(spec)) || requirements?.names.some((name) => trace.test(name)) === true) return true
  // what lies elsewhere can't be read: settings of another folder, a package of a repository or a wheel
  if (project.settingsFiles.length === 0 || asked.some(({ spec, isElsewhere }) => isElsewhere === true || /@|:\/\//.test(spec))) return true
  for (const file of new Set(asked.map((line) => line.file))) if (nameless.test((await readText(file)) ?? '-e')) return true
  const module = project.application?.split(':')[0]
  if (module !== undefined && (await moduleFile(project.backend, module)) === undefined) return true
  const files = [...new Set([...project.settingsFiles, ...(await sourcesBelow(project.backend, noSources))])]
  for (const file of files) {
    const text = await readText(file)
    if (text === undefined || trace.test(text)) return true
  }
  return false
}
