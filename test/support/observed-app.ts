/** ASGI applications without Django, for what a server and a client see of them. */

/** Answers each path in its own way, and keeps what it saw of its lifespan in a file. */
export const plainApp = `
import asyncio, json, os, subprocess, sys
from decimal import Decimal

def note(word):
    with open("lifespan.txt", "a") as file:
        file.write(word + "\\n")

async def reply(send, status, body, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain"), *headers]})
    await send({"type": "http.response.body", "body": body})

def descriptors():
    found = []
    for fd in range(3, 64):
        try:
            os.fstat(fd)
            found.append(fd)
        except OSError:
            pass
    return found

def forked():
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        import stat
        ours = [fd for fd in (3, 4) if fd in descriptors() and stat.S_ISSOCK(os.fstat(fd).st_mode)]
        os.write(writing, json.dumps(ours).encode())
        os._exit(0)
    os.close(writing)
    data = os.read(reading, 1000)
    os.waitpid(pid, 0)
    os.close(reading)
    return json.loads(data)

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            note(message["type"])
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["type"] == "http":
        return await page(scope, receive, send)
    await socket(scope, receive, send)

async def page(scope, receive, send):
    path = scope["path"]
    if path == "/body":
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await reply(send, 200, body[::-1], [(b"x-mine", b"one"), (b"x-mine", b"two")])
    elif path == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in (b"one ", b"two ", b"three"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0.01)
        await send({"type": "http.response.body", "body": b""})
    elif path == "/raise":
        raise ValueError("no such page")
    elif path == "/inside":
        code = "import json, os; print(json.dumps([fd for fd in range(3, 64) if os.path.exists('/proc/self/fd/%d' % fd)]))"
        child = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, close_fds=False)
        inside = {"environ": dict(os.environ), "path": sys.path, "child": json.loads(child.stdout), "fork": forked()}
        await reply(send, 200, json.dumps(inside).encode())
    else:
        await reply(send, 404, b"nothing here")

async def socket(scope, receive, send):
    path = scope["path"]
    assert (await receive())["type"] == "websocket.connect"
    if path == "/reject":
        await send({"type": "websocket.close", "code": 4001})
        return
    if path == "/raise":
        raise ValueError("no such socket")
    offered = scope.get("subprotocols") or []
    await send({"type": "websocket.accept", **({"subprotocol": offered[-1]} if offered else {})})
    if path == "/late":
        raise KeyError("late")
    if path == "/close":
        await send({"type": "websocket.close", "code": 4321, "reason": "enough"})
        return
    if path == "/headers":
        await send({"type": "websocket.send", "text": json.dumps(sorted(name.decode() for name, _ in scope["headers"]))})
    else:
        await send({"type": "websocket.send", "text": "hello"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") is not None:
            await send({"type": "websocket.send", "text": message["text"].upper()})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"][::-1]})
`

/** Knows nothing of lifespans. */
export const withoutLifespan = `
async def application(scope, receive, send):
    assert scope["type"] == "http", "only pages"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a page"})
`
