import { plainPath, serves, servesPath } from '../facts/routes.ts'
import type { ExaminationOf, RouteFact } from '../facts/examination.ts'
import type { ServerProcess } from '../facts/server-process.ts'
import { editDistance } from '../plan/edit-distance.ts'
import { noWebSocketPart } from './common-causes.ts'
import { all, diagnosis, withSeen, type Diagnosis, type Found } from './diagnosis.ts'
import { commandLine, listenerOf, named, type Evidence } from './evidence.ts'
import { judgeImport } from './settings.ts'

/** Why the ASGI application can't be served: asked where nothing of the project serves. Pure. */
export function judgeApplication(evidence: Evidence): Found {
  const { examination, checkout } = evidence
  if (examination === undefined) return undefined
  const error = examination.errorOf('application')
  const named = checkout?.project.application ?? ''
  const [module = '', name = ''] = named.split(':')
  if (error !== undefined && isNameLost(error, module, name)) {
    const wrong = checkout?.project.applicationSource === 'ASGI_APPLICATION' ? settingWrong(evidence, aliveOf(evidence)) : undefined
    return wrong ?? attributeMissing(evidence, module, name, `Importing the ASGI application: ${error.type}: ${error.message}`)
  }
  if (error !== undefined) return judgeImport(evidence, error, 'application')
  return all(judgeRunserver(evidence), judgeCommands(evidence))
}

/** Importing the project ends the interpreter, without an exception: so it does in a server. Pure. */
export function judgeCrashedImport({ examination }: Evidence): Diagnosis | undefined {
  const { how, stage, output = [] } = examination ?? {}
  if (how !== 'crashed' || (stage !== 'settings' && stage !== 'application')) return undefined
  return diagnosis(
    'server-crashes',
    `Importing ${stage === 'settings' ? 'the settings' : 'the ASGI application'} ends the process`,
    ["The backend's own interpreter ended during it, without an exception", ...output.slice(-3)],
    'Run it under python -X faulthandler, which shows the line, and correct that.',
  )
}

function attributeMissing({ checkout }: Evidence, module: string, name: string, seen: string): Diagnosis {
  const { applicationThere: there, applicationSource: source } = checkout?.project ?? {}
  const title = source === '--application' ? `--application names ${module}:${name}, which isn't there` : `${module} has no ${name}`
  if (there === undefined) return diagnosis('asgi-attribute-missing', title, [seen], 'Name the existing application.')
  const text = `Name the existing application: ${there}.`
  return diagnosis('asgi-attribute-missing', title, [seen], text, [['election-dev', 'start', '--application', there]])
}

/** What the name itself says isn't there: the module, a package above it, or the attribute in it. */
function isNameLost({ type, message }: ExaminationOf<'error'>, module: string, name: string): boolean {
  if (type === 'AttributeError') return message.startsWith(`module '${module}' has no attribute '${name}'`)
  const lost = type === 'ModuleNotFoundError' ? /No module named '([\w.]+)'/.exec(message)?.[1] : undefined
  return lost !== undefined && `${module}.`.startsWith(`${lost}.`)
}

/** What ASGI_APPLICATION has to be: what asgi.py has; where that can't be told, as Django makes it, in the package of the settings. */
const usualSetting = ({ checkout }: Evidence): string =>
  checkout?.project.applicationThere?.replace(':', '.') ?? `${checkout?.project.settingsModule.split('.')[0] ?? 'core'}.asgi.application`

function settingWrong(evidence: Evidence, alive: readonly string[]): Diagnosis | undefined {
  const fact = evidence.examination?.get('asgi_setting')
  if (fact === undefined || fact.ok) return undefined
  const value = fact.value ?? undefined
  return diagnosis(
    'asgi-application-setting-wrong',
    value === undefined ? 'ASGI_APPLICATION is not set' : `ASGI_APPLICATION doesn't name the ASGI application: ${value}`,
    [fact.message ?? (fact.kind === 'wsgi' ? `${value ?? ''} is the WSGI application` : `${value ?? ''} can't be served`), ...alive],
    `ASGI_APPLICATION = "${usualSetting(evidence)}".`,
  )
}

/** What only runserver reads: ASGI_APPLICATION and the place of the daphne app. It is the server where it runs, or where the daphne app is there for it. */
function judgeRunserver(evidence: Evidence): Diagnosis | undefined {
  const settings = evidence.examination?.get('settings')
  if (settings === undefined || settings.daphne_app === 'absent') return undefined
  const alive = aliveOf(evidence)
  if (settings.daphne_app === 'after-staticfiles') {
    return diagnosis(
      'daphne-app-order',
      '"daphne" comes after django.contrib.staticfiles in INSTALLED_APPS',
      ['runserver refuses to serve: daphne.E001', ...alive],
      'Put "daphne" first in INSTALLED_APPS.',
    )
  }
  return settingWrong(evidence, alive)
}

/** A runserver that lives and listens nowhere. */
function aliveOf({ servers }: Evidence): string[] {
  const running = servers.ofProject.find(({ command, listens }) => command?.program === 'runserver' && listens.length === 0)
  return running === undefined ? [] : [`${named(running)} runs and listens nowhere: \`${commandLine(running)}\``]
}

/** A server of the project that lives and listens nowhere: its command says why, where the code is sound. */
function judgeCommands(evidence: Evidence): Diagnosis[] {
  const { servers, examination, checkout } = evidence
  const backend = checkout?.project.backend
  return servers.ofProject.flatMap((server) => {
    if (server.listens.length > 0 || server.unixSockets.length > 0 || server.state === 'stopped' || server.command === undefined) return []
    const seen = `${named(server)} runs and listens nowhere: \`${commandLine(server)}\``
    const [module, attribute] = (server.command.application ?? '').split(':')
    if (
      attribute !== undefined &&
      module !== undefined &&
      `${module}:application` === checkout?.project.application &&
      attribute !== 'application'
    ) {
      return examination?.get('application') === undefined ? [] : [attributeMissing(evidence, module, attribute, seen)]
    }
    const chdir = server.argv.some((word) => /^--?(?:chdir|app-dir|pythonpath)/.test(word))
    if (backend !== undefined && server.cwd !== undefined && server.cwd !== backend && server.command.program !== 'runserver' && !chdir) {
      return [wrongFolder(server, server.cwd, backend, seen)]
    }
    return []
  })
}

function wrongFolder(server: ServerProcess, cwd: string, backend: string, seen: string): Diagnosis {
  return diagnosis(
    'wrong-working-directory',
    'The server was not started in the folder with manage.py',
    [
      seen,
      `Its working folder is ${cwd}; manage.py is in ${backend}, and ${server.command?.application ?? 'the application'} can only be found from there`,
    ],
    `Go to ${backend} first; start does so by itself.`,
    [['election-dev', 'start']],
  )
}

/** The name that is served leads to the WSGI application. Whoever isn't told a name goes by ASGI_APPLICATION, as runserver and `start` do. */
function servesWsgi(evidence: Evidence): Diagnosis {
  const application = evidence.checkout?.project.application ?? 'the application'
  const program = listenerOf(evidence)?.command?.program
  const setting = evidence.examination?.get('asgi_setting')?.value
  // a setting that is as it should be leads to a module that isn't
  const bySetting = program === 'runserver' || (setting === application.replace(':', '.') && setting !== usualSetting(evidence))
  return diagnosis(
    bySetting ? 'asgi-application-setting-wrong' : 'asgi-app-wrong',
    'What is served as the ASGI application is the WSGI one',
    [bySetting ? `ASGI_APPLICATION is ${application.replace(':', '.')}, which is a WSGIHandler` : `${application} is a WSGIHandler`],
    bySetting ? `ASGI_APPLICATION = "${usualSetting(evidence)}".` : 'Let asgi.py have the ASGI application: get_asgi_application().',
  )
}

/** Routes of which none has the page's path, where the project makes a refusal of that. Pure. */
export function judgeUnserved(evidence: Evidence): Diagnosis | undefined {
  const application = evidence.examination?.get('application')
  const refusedBy = evidence.examination?.get('consumer')?.refused_by
  // a validator refuses before the routes are asked
  if (application === undefined || application.routes.length === 0 || typeof refusedBy !== 'string' || /OriginValidator/.test(refusedBy))
    return undefined
  const cause = judgeRoutes(evidence)
  return cause?.id === 'no-websocket-route' ? withSeen(cause, `${refusedBy} turns it into a refusal`) : undefined
}

/** What is wrong with the application that a server serves: it speaks, and every socket is an error. */
export function judgeRoutes(evidence: Evidence): Diagnosis | undefined {
  const { examination, wire } = evidence
  const application = examination?.get('application')
  if (application === undefined) return undefined
  const { path } = wire.endpoint
  if (application.kind === 'wsgi') return servesWsgi(evidence)
  const isUnread = application.unread === true
  if (!application.websocket && !isUnread) {
    return noWebSocketPart([
      application.kind === 'http-only'
        ? "It is Django's plain get_asgi_application(), which handles only HTTP"
        : 'Its ProtocolTypeRouter has no "websocket" key',
      `Every WebSocket path fails, including ${path}`,
    ])
  }
  const bare = application.routes.find(({ is_class }) => is_class)
  if (bare !== undefined && servesPath([bare], path)) {
    return diagnosis(
      'as-asgi-missing',
      `The route holds the consumer class itself: ${bare.consumer}`,
      [`The route ${bare.route} leads to the class ${bare.consumer}, not to an application made by as_asgi()`],
      `Write ${bare.consumer}.as_asgi() in the routing.`,
    )
  }
  const said =
    examination?.get('consumer')?.raised?.message ?? /No route found for path .*/.exec(evidence.launched?.raised?.text ?? '')?.[0] ?? ''
  // what Channels itself says of the page's path is surer than reading its patterns
  const unfound = said.startsWith('No route found for path')
  // a pattern that can't be read here may fit, and so may a route that isn't told
  if (!unfound && (isUnread || application.routes.some((route) => serves(route, path) !== false))) return undefined
  const list = application.routes.map(({ route }) => route)
  const slashed = list.find((route) => route.replace(/^\^/, '').startsWith('/'))
  const served = nearestServed(application.routes, path)
  return diagnosis(
    'no-websocket-route',
    `No WebSocket route fits ${path}`,
    [
      list.length === 0
        ? isUnread
          ? "The routes can't be read"
          : 'The routing has no WebSocket route at all'
        : `The routes on disk are ${list.slice(0, 6).join(', ')}`,
      ...(unfound
        ? [evidence.launched?.raised === undefined ? `Played in the backend's own interpreter: ${said}` : `The backend raised: ${said}`]
        : []),
      ...(slashed === undefined ? [] : [`${slashed} begins with a slash: Channels matches without the first one`]),
    ],
    served === undefined
      ? isUnread
        ? 'Name a path that the application serves: election-dev start --path.'
        : 'Make path and route agree; no slash at the start of the pattern.'
      : `The application serves ${served}: let the page request that, or change the route to ${path}.`,
    served === undefined || slashed !== undefined ? [] : [['election-dev', 'start', '--path', served]],
  )
}

/** The path that the application serves and that is most like the one that was asked for; one with a value that is made up only where there is no other, and none that wants a row. */
function nearestServed(routes: readonly RouteFact[], path: string): string | undefined {
  const [nearest] = routes
    .flatMap((route) => {
      const own = plainPath(route) ?? route.sample ?? undefined
      const made = (route.unfilled ?? []).length
      const isKnown = own !== undefined && !own.startsWith('//') && !(made > 0 && route.looks_up === true)
      return isKnown ? [{ own, made, distance: editDistance(own, path) }] : []
    })
    .toSorted((a, b) => a.made - b.made || a.distance - b.distance)
  return nearest?.own
}
