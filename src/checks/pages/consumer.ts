import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

/** What the consumer does with a socket. */
export const consumerPages: Readonly<Record<IdsOfFamily<'consumer'>, Page>> = {
  'consumer-exception': {
    what: 'The consumer, the Python class behind the WebSocket, raises an exception. Before it accepted, the browser says 1006 at once; after it, the socket opens and ends within a second, so the dot flickers.',
    tells: [
      'Before accept: 500 on this route only; daphne takes up to a second for it. After accept: 101, then 1011 from daphne, 1006 from uvicorn, 1000 from hypercorn.',
      "The traceback in the log ends in the project's own code, and names neither Redis nor the channel layer nor the database: those have causes of their own.",
      'A socket that is closed with 4000 to 4999 was closed on purpose: see `close-after-accept`.',
    ],
    mend: [
      'Read the last frame of the traceback that lies in the project: file and line of the fault.',
      'If it dies of a message that the page sends, let the consumer answer what it does not know instead of raising.',
      'Restart the server after the change; only reloaders take it up by themselves.',
    ],
    commands: [['election-dev', 'verify', '--verbose']],
    background:
      'A consumer is one coroutine for the whole life of a socket, so one exception anywhere in it ends the socket. The servers disagree about the close code, which is why the code alone proves nothing: 1000, too, may be a crash.',
  },
  'accept-missing': {
    what: "The consumer's connect() comes to its end without saying yes or no: neither accept() nor close() is called on the way that it takes. The browser shows the socket as connecting for seconds, then fails it with 1006.",
    tells: [
      'No answer to the upgrade. Daphne resets the connection after about 5 seconds; uvicorn waits for ever.',
      'GET / is answered meanwhile, so the server is not blocked.',
      'Called in the process, connect() returns and nothing was sent. If it does send later, it is `connect-too-slow`; if all pages hang, `sync-consumer-blocks`.',
    ],
    mend: [
      withCode(
        'Let every way through connect() end in one of the two:',
        'async def connect(self):',
        '    if self.scope["user"].is_anonymous:',
        '        await self.close(code=4001)',
        '        return',
        '    await self.accept()',
      ),
      'Look for an `if` without `else`, a `return` too early, and `self.accept()` without `await`: that one only makes a coroutine.',
    ],
    commands: [['grep', '-rn', 'accept(', '--include=consumers.py', '.']],
    background:
      "In ASGI the application answers the handshake; the server only waits. The 5 seconds are daphne's `--websocket_connect_timeout`. Some generic consumers accept by themselves as long as connect() is not overridden.",
  },
  'connect-too-slow': {
    what: 'connect() does accept, but only after work that takes longer than the server waits: a slow query, a call to another service, a lookup with a long time limit. The browser waits, then fails the socket with 1006.',
    tells: [
      'On the wire it looks like `accept-missing`: daphne resets after about 5 seconds, with the same access log line.',
      'Called in the process, connect() does accept, later than that. Under uvicorn, which has no such limit, the same socket opens after a long wait.',
      "A locked database or a Redis that doesn't answer makes connect() slow as well: see `database-locked` and `redis-unresponsive`.",
    ],
    mend: [
      withCode(
        'Accept first, work after it:',
        'await self.accept()',
        'tally = await database_sync_to_async(load_tally)()',
        'await self.send_json({"type": "tally", "tally": tally})',
      ),
      'Only what decides about yes or no belongs before accept(): the token.',
      'As a stopgap: `daphne --websocket_connect_timeout 20`.',
    ],
    commands: [['python', '-m', 'daphne', '--websocket_connect_timeout', '20', 'core.asgi:application']],
    background:
      'A handshake that is not answered holds a connection and memory of the server without having proven anything, so servers limit it. On a fresh machine the first connect may be slow for cold caches alone: try twice.',
  },
  'sync-consumer-blocks': {
    what: 'An async consumer makes a call that blocks, such as time.sleep, a request with the requests package or a synchronous Redis call. The one thread that serves everybody waits with it: after one user opened the socket, no page is answered any more.',
    tells: [
      'The handshake hangs, and from then on GET / hangs too, though it was answered before.',
      'The process is in state S (sleeping) or R (busy). State T is `server-suspended`.',
      'If GET / goes on being answered, only this consumer waits: see `accept-missing` and `connect-too-slow`.',
      'The stack of the process shows the call: `py-spy dump --pid PID`.',
    ],
    mend: [
      withCode(
        'Await an async version, or move the call to a thread:',
        'await asyncio.sleep(1)                       # not time.sleep(1)',
        'async with httpx.AsyncClient() as client:    # not requests.get',
        '    answer = await client.get(url, timeout=5)',
        'await sync_to_async(slow_call)()             # anything else',
        'await database_sync_to_async(query)()        # the ORM',
      ),
      'Or derive from WebsocketConsumer (without Async): Channels runs it in a thread.',
    ],
    commands: [['python', '-X', 'dev', '-m', 'daphne', 'core.asgi:application']],
    background:
      'asyncio serves all connections of a process in turns on one thread; whoever does not await gives no turn away. Django raises SynchronousOnlyOperation for its own ORM, so it is other libraries that block unnoticed. `python -X dev` logs every turn that took longer than 100 ms.',
  },
  'client-sends-non-json': {
    what: "The page sends plain text such as `ping` or `[object Object]`, and the consumer is one that takes JSON only. It raises, and the socket ends right after the page's first message; many pages reconnect and do it again.",
    tells: [
      "The handshake is 101, the welcome arrives, and after the page's first message the socket ends: 1011 from daphne, 1006 from uvicorn, 1000 from hypercorn.",
      'The log has `json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)`.',
      'A probe that sends JSON works at the same time.',
    ],
    mend: [
      withCode('On the page:', 'socket.send(JSON.stringify({ type: "ping" }))'),
      withCode(
        'In the consumer, so that no client can end its socket by a slip:',
        'async def receive(self, text_data=None, bytes_data=None, **kwargs):',
        '    try:',
        '        await super().receive(text_data, bytes_data, **kwargs)',
        '    except ValueError:',
        '        await self.send_json({"type": "error", "detail": "not JSON"})',
      ),
    ],
    commands: [],
    background:
      'AsyncJsonWebsocketConsumer decodes each message before receive_json sees it and does not catch what goes wrong there. A WebSocket library on the page with a heartbeat of its own often sends a bare `ping`.',
  },
  'ping-unanswered': {
    what: 'The application doesn\'t answer the message {"type":"ping"}. The socket itself works, messages arrive; but a page that waits for a pong takes the connection for dead and shows red or reconnects again and again.',
    tells: [
      'The handshake is 101, welcome and broadcasts arrive, no pong comes back, and the socket stays open.',
      'If the socket ends after the ping, the consumer died of it: see `consumer-exception`.',
    ],
    mend: [
      withCode(
        'Answer it:',
        'async def receive_json(self, content, **kwargs):',
        '    if content.get("type") == "ping":',
        '        await self.send_json({"type": "pong"})',
      ),
      'Or let the page not wait for one, and tell this tool the same: `"ping": false` in its configuration, or `--no-ping`.',
      'If the application has other words for it, set `ping` in the configuration to its message.',
    ],
    commands: [['election-dev', 'verify', '--no-ping']],
    background:
      "The WebSocket protocol has pings of its own, which browsers answer by themselves and which scripts can't see or send. A ping as a message is a custom of applications. It is worth having: it proves that the consumer lives, not only the connection.",
  },
  'message-too-big': {
    what: 'A message is longer than the server takes. The socket works until then and ends with 1009 when the big one is sent, for example with an image or a whole list in it.',
    tells: [
      'The close code is 1009, after a message of some size; small ones pass.',
      'uvicorn: the process has `--ws-max-size N`, or the message is above its default of 16 MiB.',
      'Recent versions of daphne take 1 MiB (`--websocket-max-message-size`); older ones have no limit.',
    ],
    mend: [
      'Raise the limit: `uvicorn --ws-max-size 33554432`, `daphne --websocket-max-message-size 33554432`; hypercorn: `websocket_max_message_size` in its configuration.',
      'Better, send big things over HTTP and only a notice of them over the socket.',
    ],
    commands: [['uvicorn', '--ws-max-size', '33554432', 'core.asgi:application']],
    background:
      'The limit is there because a server has to keep a whole message in memory before it can hand it on, from every client at once. It holds for what clients send; what the server sends is limited by the client.',
  },
  'subprotocol-mismatch': {
    what: "The page offers a subprotocol (the second argument of new WebSocket), and the consumer accepts without choosing one, or chooses one that wasn't offered. The browser then has to give the connection up, with 1006.",
    tells: [
      'Offered and none chosen: the server says 101, and the client fails with `Server sent no subprotocol` (Chrome: `Sent non-empty Sec-WebSocket-Protocol header but no response was received`).',
      'Chosen and not offered: daphne resets after about 5 seconds, and logs `Socket has not been accepted, so cannot send over it`.',
      'Without a subprotocol the same URL gets a working socket.',
    ],
    mend: [
      withCode(
        'Accept with one that was offered:',
        'offered = self.scope["subprotocols"]',
        'await self.accept(subprotocol="v1" if "v1" in offered else None)',
      ),
      'If the token travels as a subprotocol, offer a second, plain name and accept with that one: `new WebSocket(url, ["bearer", token])`, `accept(subprotocol="bearer")`.',
      'Or offer none.',
    ],
    commands: [['election-dev', 'verify', '--subprotocol', 'v1']],
    background:
      "A subprotocol is an agreement on the form of the messages. Browsers insist on an answer out of what they offered; a server that chooses something else breaks the protocol, so daphne's WebSocket library refuses to send it.",
  },
  'broadcast-handler-missing': {
    what: 'Something is sent to the group whose type has no method in the consumer. The socket opens and works, and ends with the first broadcast: for all connected users at once.',
    tells: [
      'The handshake is 101; at the first broadcast the socket ends: 1011 from daphne, 1006 from uvicorn, 1000 from hypercorn.',
      'The log has `ValueError: No handler for message type election_update`.',
      "If nothing at all arrives and nothing ends, the group's name differs: see `group-name-mismatch`.",
    ],
    mend: [
      withCode(
        'Give the consumer a method with the name of the type, dots written as underscores:',
        'async def election_update(self, event):',
        '    await self.send_json(event)',
      ),
      'Or correct `type` in group_send to a method that is there.',
    ],
    commands: [['grep', '-rn', 'group_send', '--include=*.py', '.']],
    background:
      'The type of a message on the channel layer names the method that gets it: `election.update` and `election_update` both lead to election_update(). It is not sent to the page by itself; the method has to do that.',
  },
  'broadcast-not-serialisable': {
    what: "A broadcast holds a value that can't be packed for Redis: a Decimal, a date, a UUID, a model or a lazy translation. The request that sends it fails with 500, and the pages get no update. On the in-memory layer the same code works.",
    tells: [
      "The log of the sender has `TypeError: can not serialize 'decimal.Decimal' object` (or datetime.datetime, UUID, `__proxy__`).",
      'The sockets stay open; it is the request or task that calls group_send that breaks.',
      'With `Object of type Decimal is not JSON serializable` the message got through, and send_json failed: convert there.',
    ],
    mend: [
      withCode(
        'Send plain values only: str, int, float, bool, None, lists and dicts of these.',
        '{"type": "election.update", "votes": str(total), "at": when.isoformat(), "id": str(uuid)}',
      ),
      'For whole objects use the data of a serialiser: `json.loads(DjangoJSONEncoder().encode(data))` makes anything plain.',
    ],
    commands: [['grep', '-rn', 'group_send', '--include=*.py', '.']],
    background:
      'channels_redis packs messages with msgpack, which knows the types of JSON and bytes. The in-memory layer copies Python objects and takes anything, so the fault waits for the first environment with Redis.',
  },
  'group-name-mismatch': {
    what: 'The code that sends updates and the consumer use different group names. Everything seems to work: the dot is green, no error is logged anywhere, and no update ever arrives on the page.',
    tells: [
      'The name in group_send never appears in a group_add: `election_updates` here, `election-updates` there.',
      'The handshake is 101 and a ping is answered.',
      'If updates arrive for some users or now and then, it is the layer: see `layer-inmemory-multi-instance` and `layer-split`.',
      'If the name is built from a value, look at the value: an id as text and as None, upper and lower case.',
    ],
    mend: [
      withCode(
        'One constant for both, imported by both:',
        'GROUP = "election_updates"',
        'await self.channel_layer.group_add(GROUP, self.channel_name)',
        'async_to_sync(get_channel_layer().group_send)(GROUP, event)',
      ),
      'And see that both calls are awaited: group_add without await adds nobody.',
    ],
    commands: [['grep', '-rn', 'group_', '--include=*.py', '.']],
    background:
      'A group exists only as the set of channels that joined it. Sending to a name that nobody joined is no error, just as talking in an empty room is none.',
  },
  'group-name-invalid': {
    what: "A group's name has characters that Channels doesn't take, or is too long. The consumer raises when it joins the group, usually before it accepts: the browser says 1006.",
    tells: [
      'The log has `TypeError: Group name must be a valid unicode string with length < 100 containing only ASCII alphanumerics, hyphens, underscores, or periods`; older versions `with only alphanumerics, hyphens, or periods`.',
      'It depends on the data: names with spaces, umlauts, `@` or `:` break, others work.',
      'Before accept the answer is 500, when sending it is the request that sends.',
    ],
    mend: [
      'Build names from ids instead of titles or e-mail addresses: `f"election_{election.pk}"`.',
      withCode('Where it has to be a text:', 'name = "election_" + hashlib.sha256(text.encode()).hexdigest()[:32]'),
    ],
    commands: [['grep', '-rn', 'group_', '--include=*.py', '.']],
    background:
      'The names become parts of keys in Redis and have to be the same in every layer, so they are kept plain. An exclamation mark, for one, marks the channel of a single process.',
  },
}
