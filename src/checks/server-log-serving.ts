import { allServers } from '../servers/known.ts'
import { missingPart, missingParts } from './database-refusal.ts'
import { diagnosis } from './diagnosis.ts'
import { inMemory, noWebSocketPart, withoutLibrary } from './common-causes.ts'
import { rule, servingRule, type LogRule } from './log-rule.ts'

/** What makes a socket of a running server fail, in the order of the roots. */
export const servingRules: readonly LogRule[] = [
  ...allServers.flatMap((server) =>
    server.libraries === undefined ? [] : [rule(server.libraries.log, (_, evidence) => withoutLibrary(server, evidence, 'Install one.'))],
  ),
  rule(/unknown command ['"`]?BZPOPMIN/i, (_, evidence) =>
    diagnosis(
      'redis-too-old',
      'Redis is too old for channels_redis: it has no BZPOPMIN, which came with Redis 5.0',
      evidence,
      'Use the in-memory layer, or Redis 5 or newer.',
      inMemory,
    ),
  ),
  rule(
    /Error -?\d+ connecting to|(?:redis|ConnectionError|ConnectionRefusedError).*Connect call failed|redis\.exceptions\.ConnectionError: (?:Connection (?:closed|reset|lost)|Error (?:UNKNOWN|\d+) while)/i,
    (_, evidence) =>
      diagnosis(
        'redis-unreachable',
        'Nothing answers where the settings look for Redis',
        evidence,
        'Start Redis, or use the in-memory layer.',
        inMemory,
      ),
  ),
  rule(/NoneType' object has no attribute 'group_(?:add|send|discard)'/, (_, evidence) =>
    diagnosis('channel-layer-unset', "CHANNEL_LAYERS isn't set", evidence, 'Set CHANNEL_LAYERS; in memory for one process.'),
  ),
  servingRule(/BACKEND is unconfigured or doesn't support groups/, (_, evidence) =>
    diagnosis(
      'channel-layer-unset',
      "CHANNEL_LAYERS isn't set, and a consumer has groups",
      evidence,
      'Set CHANNEL_LAYERS; in memory for one process.',
    ),
  ),
  servingRule(
    /You must pass a list of Redis hosts|TypeError: (?:\w*ChannelLayer|\w*Connection)(?:\.__init__)?\(\) (?:got an unexpected|missing|takes)/,
    (_, evidence) =>
      diagnosis(
        'channel-layer-config-wrong',
        "CONFIG of CHANNEL_LAYERS isn't what the backend takes",
        evidence,
        'Write "CONFIG": {"hosts": [(host, port)]}: a list, even for one; other connection arguments go in a dict for each.',
      ),
  ),
  rule(missingParts, ([said], evidence) =>
    diagnosis('migrations-pending', missingPart(said) ?? said, evidence, 'Apply the migrations.', [['python', 'manage.py', 'migrate']]),
  ),
  rule(
    /Django can only handle ASGI\/HTTP connections, not websocket|No application configured for scope type ['"]websocket['"]/,
    (_, evidence) => noWebSocketPart(evidence),
  ),
  rule(/can't be used in ['"]await['"] expression/, (_, evidence) =>
    diagnosis('as-asgi-missing', 'The route holds the consumer class itself', evidence, 'Write Consumer.as_asgi() in the routing.'),
  ),
  // Channels' own words (auth.py, sessions.py)
  servingRule(/^ValueError: (.*\b(?:find session in scope|No cookies in scope)\b.*)/, ([, said = ''], evidence) =>
    diagnosis(
      'middleware-missing',
      'A Channels middleware lacks the one that must wrap it',
      evidence,
      `${said.includes('cookies') ? 'Put CookieMiddleware around SessionMiddleware' : 'Put SessionMiddlewareStack around it'}, or use AuthMiddlewareStack (channels.auth), which brings both along.`,
    ),
  ),
  rule(/WSGIHandler\.__call__\(\)/, (_, evidence) =>
    diagnosis('asgi-app-wrong', 'The server was given the WSGI application', evidence, 'Run core.asgi:application.'),
  ),
  servingRule(/TypeError: (get_[aw]sgi_application)\(\) takes 0 positional arguments/, ([, name = ''], evidence) =>
    diagnosis(
      'asgi-app-wrong',
      `The ASGI module has the function ${name} where an application belongs`,
      evidence,
      `Call it: "http": get_asgi_application().`,
    ),
  ),
  rule(/No route found for path ['"](.*)['"]/, ([, path = ''], evidence) =>
    diagnosis(
      'no-websocket-route',
      `No WebSocket route fits /${path}`,
      evidence,
      'Make path and route agree, without a slash at the start of the pattern; election-dev start --path requests another path.',
    ),
  ),
  // a consumer that parses something else than its client's text does so in a line of its own
  servingRule(/^(?:json\.decoder\.)?JSONDecodeError: (.*)|^(?:simplejson|orjson|ujson)[\w.]*JSONDecodeError: /, (_, evidence, frame) =>
    frame !== undefined && !/, in (?:websocket_)?(?:receive|decode)\w*$/.test(frame)
      ? undefined
      : diagnosis(
          'client-sends-non-json',
          "A client sends text that isn't JSON to a consumer that takes JSON",
          evidence,
          'Send socket.send(JSON.stringify({…})) on the page.',
        ),
  ),
  servingRule(
    /TypeError: can(?: ?not|'t) serialize '?([\w.]+)'? object|TypeError: Object of type (\w+) is not JSON serializable/,
    (match, evidence) =>
      diagnosis(
        'broadcast-not-serialisable',
        `A message holds a ${match[1] ?? match[2] ?? 'value'}, which can't be sent`,
        evidence,
        'Convert it before it is sent: str() or float() for a Decimal, isoformat() for a date.',
      ),
  ),
  servingRule(/ValueError: No handler for message type (\S+)/, ([, type = ''], evidence) =>
    diagnosis(
      'broadcast-handler-missing',
      `The consumer has no method for messages of the type ${type}`,
      evidence,
      `Add it: async def ${type.replaceAll('.', '_')}(self, event).`,
    ),
  ),
  servingRule(/Group name must be a valid unicode string/, (_, evidence) =>
    diagnosis(
      'group-name-invalid',
      'A group name has characters that a channel layer refuses, or is too long',
      evidence,
      'Use letters, digits, hyphens, underscores and periods, fewer than 100.',
    ),
  ),
  servingRule(/Socket has not been accepted, so cannot send over it/, (_, evidence) =>
    diagnosis(
      'subprotocol-mismatch',
      'The consumer sends before the socket is accepted: it was refused, or accepted with a subprotocol that the client never offered',
      evidence,
      'Accept first, with one of the subprotocols of scope["subprotocols"]: await self.accept(subprotocol).',
    ),
  ),
]
