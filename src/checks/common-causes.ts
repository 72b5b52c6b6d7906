/** Causes that several looks name in the same words: the wire, the process, the look from inside, a log. */
import type { ShownEndpoint } from '../facts/wire.ts'
import type { Server } from '../servers/server.ts'
import { preferred } from '../servers/known.ts'
import { diagnosis, type Commands, type Diagnosis, type Seen } from './diagnosis.ts'
import { distributionOf } from './distributions.ts'
import type { RemovedModule } from './removed-modules.ts'

/** The command that installs a package. */
export const pip = (...names: readonly string[]): Commands => [['python', '-m', 'pip', 'install', ...names]]

/** The backend without Redis. The judgement takes it out where the settings read no variable that chooses. */
export const inMemory: Commands = [['election-dev', 'start', '--channel-layer', 'memory']]

/** The layer over Redis, once one runs. */
export const overRedis: Commands = [['election-dev', 'env', '--channel-layer', 'redis', '--write']]

/** A package that the code imports isn't there; `more`: others that aren't there either, whose names on PyPI are sure. */
export function missing(module: string, seen: Seen, more: readonly string[] = []): Diagnosis {
  const names = [...new Set([module, ...more].map((each) => distributionOf(each)))]
  const one = names.length === 1
  return diagnosis(
    'missing-dep',
    one
      ? `A package that the code imports isn't installed: ${names[0] ?? module}`
      : `${names.length} packages that the code imports aren't installed: ${names.join(', ')}`,
    seen,
    `Install ${one ? 'it' : 'them'} into the backend's environment.`,
    pip(...names),
  )
}

/** A module that this Python no longer has. `name`: of the package that brings it back, where there is one. */
export function moduleRemoved(module: string, { minor, name }: RemovedModule, python: string, seen: Seen): Diagnosis {
  const since = minor === undefined ? 'setuptools no longer brings it' : `Python 3.${minor} left it out`
  return diagnosis(
    'stdlib-module-removed',
    `${module} is gone: ${since}, and this is Python ${python}`,
    seen,
    name === undefined
      ? `Replace it in the code (docs.python.org/3/whatsnew/3.${minor ?? 12}.html#removed), or make the environment with Python 3.${(minor ?? 12) - 1}.`
      : `Replace it in the code, or install ${name}, which brings it back.`,
    name === undefined ? [] : pip(name),
  )
}

/** The settings name the Redis layer, whose package isn't there. */
export function redisLayerMissing(seen: Seen, commands = pip('channels-redis')): Diagnosis {
  return diagnosis(
    'channels-redis-missing',
    "The Redis layer is configured, but channels_redis isn't installed",
    seen,
    "Install it into the backend's environment.",
    commands,
  )
}

/** The class of the channel layer isn't there. */
export function wrongBackend(title: string, seen: Seen): Diagnosis {
  const remedy = 'Use channels_redis.core.RedisChannelLayer or channels.layers.InMemoryChannelLayer.'
  return diagnosis('channel-layer-backend-wrong', title, seen, remedy)
}

/** The application takes HTTP alone. */
export function noWebSocketPart(seen: Seen): Diagnosis {
  const remedy = 'Wrap it: ProtocolTypeRouter({"http": …, "websocket": …}).'
  return diagnosis('http-only-asgi', 'The ASGI application has no WebSocket part', seen, remedy)
}

/** `start` in the place of what holds the port, which it ends where that is a server of this project. */
export function inItsPlace({ port }: Pick<ShownEndpoint, 'port'>): Commands {
  return [['election-dev', 'start', '--port', String(port), '--takeover']]
}

/** `start` without a variable of the shell. */
export function startWithout(name: string, start: Commands): Commands {
  return start.map((words) => ['env', '-u', name, ...words])
}

/** What answers is a WSGI server. */
export function wsgiServer(seen: Seen, commands: Commands): Diagnosis {
  const title = "A WSGI server answers: it can't speak WebSocket"
  return diagnosis('wsgi-server-on-port', title, seen, `Run the ASGI application with ${preferred.name}.`, commands)
}

/** The server runs the ASGI application by a worker that speaks WSGI. */
export function wsgiWorker({ name, worker }: Pick<Server, 'name' | 'worker'>, seen: Seen, commands: Commands): Diagnosis {
  const title = `The ASGI application is run by a WSGI worker of ${name}`
  return diagnosis('asgi-app-under-wsgi-server', title, seen, `Add ${worker?.asgi ?? ''}, or use ${preferred.name}.`, commands)
}

/** The server has none of the libraries that it speaks WebSocket by. */
export function withoutLibrary(
  { name, install }: Pick<Server, 'name' | 'install'>,
  seen: Seen,
  text: string,
  commands = pip(install),
): Diagnosis {
  return diagnosis('ws-library-missing', `${name} runs without a WebSocket library`, seen, text, commands)
}

/** ws:// on a port of TLS. */
export function speaksTls({ port }: ShownEndpoint, seen: Seen): Diagnosis {
  const remedy = 'Use wss://, or run the server without TLS in development.'
  return diagnosis('wss-vs-ws', `ws:// is used, but port ${port} speaks TLS`, seen, remedy)
}

/** The URL is longer than the server takes. */
export function urlTooLong({ urlBytes }: ShownEndpoint, seen: Seen): Diagnosis {
  const title = `The URL with its token is too long for the server: ${urlBytes} bytes`
  return diagnosis('url-too-long', title, seen, 'Put less into the token, or send it in the first message.')
}

/** Another program has the port. */
export function portHeld({ port }: ShownEndpoint, title: string, seen: Seen): Diagnosis {
  const commands = [['election-dev', 'start', '--port', String(port + 1)]]
  return diagnosis('port-in-use', title, seen, 'End that program, or use another port for the backend.', commands)
}

/** What is in front of the backend answers, and nothing answers that. */
export function badGateway(title: string, seen: Seen): Diagnosis {
  const remedy = "Start the backend, or correct the proxy's target port."
  return diagnosis('server-not-running', title, seen, remedy, [['election-dev', 'start']])
}

/** The port is the frontend's: its page answers, whether the upgrade got it or a plain request did. */
export function frontendServes({ port }: ShownEndpoint, seen: Seen): Diagnosis {
  const remedy = "Correct the WebSocket URL (VITE_WS_URL or the like) to the backend's port."
  return diagnosis('wrong-frontend-port', `Port ${port} is the frontend's dev server, not the backend`, seen, remedy)
}

/** The backend wants an Origin, and got none. */
export function originMissing(seen: Seen): Diagnosis {
  const title = 'The client sends no Origin, but the backend requires one'
  return diagnosis('origin-missing', title, seen, "Send the page's Origin, as every browser does.")
}

/** The backend wants another Origin; `more`: what else may be done about it. */
export function originRejected(origin: string, seen: Seen, more: string): Diagnosis {
  const host = URL.canParse(origin) ? new URL(origin).hostname : "the page's host"
  return diagnosis('origin-rejected', `The backend refuses the Origin ${origin}`, seen, `Add ${host} to ALLOWED_HOSTS${more}.`)
}

/** What there is to do about a socket that the application closes with `code`, at a line where it can be seen. */
export function whyClosed(code: number | null | undefined, place: string | undefined): string {
  if (code === 4001) return 'By convention, 4001 means not logged in: log in again.'
  if (typeof code === 'number' && code >= 4000) return "Look up the code's meaning in the consumer."
  return place === undefined
    ? 'See where the consumer calls close(), and start daphne without --websocket_timeout.'
    : `See why it gets to ${place}: a page's WebSocket should stay open.`
}
