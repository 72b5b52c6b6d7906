import type { JudgedCommand, OldScript } from '../facts/old-scripts.ts'
import type { ScriptRole } from '../facts/old-scripts-roles.ts'
import type { Server } from '../servers/server.ts'
import { preferred, servers } from '../servers/known.ts'
import { speaksWebSocket, type OwnProject } from './backend-place.ts'
import type { InitNote } from './init-sources.ts'

/** True for a server that can't speak WebSocket as it is called. */
export function isWsgi(role: ScriptRole, project: Pick<OwnProject, 'hasDaphneApp'>): boolean {
  return role.kind === 'wsgi-only' || (role.kind === 'backend' && !speaksWebSocket(role.server, project))
}

/** The bug that it all begins with: a server that knows HTTP alone. */
export function wsgiWarnings(commands: readonly JudgedCommand[], project: Pick<OwnProject, 'hasDaphneApp'>): InitNote[] {
  return commands
    .filter(({ role }) => isWsgi(role, project))
    .map(({ role, place, argv }) => ({
      text: `${whatRuns(role, argv)} speaks WSGI, which can't carry a WebSocket: the browser sees close code 1006`,
      place,
      hint: hintFor(role, project.hasDaphneApp),
    }))
}

function whatRuns(role: ScriptRole, argv: readonly string[]): string {
  if (role.kind === 'wsgi-only') return role.program
  if (role.kind !== 'backend') return argv[0] ?? ''
  const { program, application } = role.server
  const { command }: Server = servers[program]
  if (command !== undefined) return `manage.py ${program}`
  return application === undefined ? program : `${program} ${application}`
}

function hintFor(role: ScriptRole, hasDaphneApp: boolean): string {
  if (role.kind === 'backend' && role.server.program === 'runserver')
    return hasDaphneApp
      ? 'Leave --noasgi out.'
      : 'election-dev start runs an ASGI server; "daphne" first in INSTALLED_APPS makes runserver one, too.'
  const { name, worker }: Pick<Server, 'name' | 'worker'> = role.kind === 'backend' ? servers[role.server.program] : preferred
  return worker === undefined
    ? `election-dev start runs an ASGI server; elsewhere: ${preferred.name} core.asgi:application`
    : `Behind ${name}: ${worker.asgi} core.asgi:application; here election-dev start runs an ASGI server.`
}

/** What a server is told that `start` has no key for. */
export function serverNotes(commands: readonly JudgedCommand[]): InitNote[] {
  return commands.flatMap(({ role, place }): InitNote[] => {
    if (role.kind !== 'backend') return []
    const { workers, unixSocket, tls, program } = role.server
    const notes: InitNote[] = []
    if (workers !== undefined && workers > 1)
      notes.push({
        text: `${program} runs ${workers} workers there; start runs one`,
        place,
        hint: `election-dev start --instances ${workers} runs several, with Redis as the channel layer.`,
      })
    if (unixSocket !== undefined) notes.push({ text: `${program} listens on a Unix socket there; start listens on a port`, place })
    if (tls) notes.push({ text: `${program} speaks TLS itself there; start speaks plain HTTP on this machine`, place })
    return notes
  })
}

/** Scripts that end processes by their name: every python of the machine. */
export function stopNotes(scripts: readonly OldScript[]): InitNote[] {
  return scripts.flatMap(({ commands }): InitNote[] => {
    const first = commands.find(({ role }) => role.kind === 'kill')
    return first === undefined
      ? []
      : [
          {
            text: 'It ends processes by their name, whoever started them',
            place: first.place,
            hint: 'election-dev stop replaces it: it ends exactly what start has started.',
          },
        ]
  })
}
