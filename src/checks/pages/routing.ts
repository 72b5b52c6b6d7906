import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

/** The WebSocket routes. */
export const routingPages: Readonly<Record<IdsOfFamily<'routing'>, Page>> = {
  'no-websocket-route': {
    what: "None of the WebSocket routes fits the path in the page's URL: another name, a missing prefix, or a pattern that can never match. The socket fails with 1006, while pages work.",
    tells: [
      "The upgrade is 500 for this path and for a made-up one, and the log says `ValueError: No route found for path 'ws/election-updates/'.`",
      "The routes on disk don't match it either. If they do, an older process serves: see `stale-server-old-code`.",
      'If the same path with or without its last slash works, it is `trailing-slash-missing`; if it works directly and not through the proxy, `proxy-rewrites-path`.',
      'It is never 404: that is a WSGI server or a proxy.',
    ],
    mend: [
      withCode(
        'Make route and URL agree, without a slash at the start of the pattern:',
        'path("ws/election-updates/", ElectionUpdatesConsumer.as_asgi())',
      ),
      'Look whether asgi.py uses this list of routes: a second routing.py that nobody includes is easily edited by mistake.',
      'Restart the server.',
    ],
    commands: [['python', '-c', 'import core.asgi, core.routing; print(core.routing.websocket_urlpatterns)']],
    background:
      'Channels cuts the first slash off the path before it tries the patterns, so one that begins with a slash matches nothing. WebSocket routes are separate from urls.py: an entry there is for pages only. A miss is an exception, and the server makes 500 of it.',
  },
  'as-asgi-missing': {
    what: 'The route holds the consumer class itself instead of what its method as_asgi() gives. Every connection to that path is an error 500 before the consumer does anything; the browser says 1006.',
    tells: [
      "`TypeError: object ElectionUpdatesConsumer can't be used in 'await' expression` in the log; for a plain AsyncConsumer `ElectionUpdatesConsumer() takes no arguments`.",
      'The callback of the route is a class. A made-up path gives `No route found` instead.',
    ],
    mend: [withCode('In the routing:', 'path("ws/election-updates/", ElectionUpdatesConsumer.as_asgi())'), 'Restart the server.'],
    commands: [['grep', '-rn', 'Consumer', '--include=routing.py', '.']],
    background:
      "A route calls its callback with scope, receive and send. Calling the class makes an instance, which can't be awaited; as_asgi() gives a function that makes a fresh instance for each connection. It is to consumers what as_view() is to class-based views.",
  },
}
