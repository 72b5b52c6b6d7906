"""Asks the server of this container how it is; the exit status is the answer.

live: the event loop answers HTTP, whatever the status.
ready: a WebSocket handshake gets as far as the application. It was accepted, or
refused by the application itself (401, 403: no token, another Origin). Anything else
means that no client would get through.
"""
import base64
import os
import socket
import sys

DEADLINE = float(os.environ.get("PROBE_SECONDS", "4"))


def ask(port, lines):
    """The status of the answer to a request, and its connection."""
    connection = socket.create_connection(("127.0.0.1", port), DEADLINE)
    connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("ascii"))
    answer = b""
    while b"\r\n\r\n" not in answer and len(answer) < 65536:
        data = connection.recv(4096)
        if not data:
            break
        answer += data
    return int(answer.split(b" ", 2)[1]), connection


def live(port, host):
    status, connection = ask(port, ["GET / HTTP/1.1", "Host: " + host, "Connection: close"])
    connection.close()
    return 100 <= status < 600


def ready(port, host, path):
    key = base64.b64encode(os.urandom(16)).decode("ascii")
    status, connection = ask(
        port,
        [
            "GET %s HTTP/1.1" % path,
            "Host: " + host,
            # what refuses an Origin would hide all that is behind it
            "Origin: http://" + host,
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: " + key,
        ],
    )
    if status == 101:
        # a close frame with 1000, masked as a client's must be (RFC 6455, 5.5.1)
        mask = os.urandom(4)
        code = bytes(byte ^ mask[index] for index, byte in enumerate(b"\x03\xe8"))
        connection.sendall(b"\x88\x82" + mask + code)
    connection.close()
    return status in (101, 401, 403)


def main():
    port = int(os.environ.get("PROBE_PORT", "8000"))
    host = os.environ.get("PROBE_HOST", "localhost")
    try:
        if sys.argv[1] == "ready":
            good = ready(port, host, os.environ.get("PROBE_PATH", "/"))
        else:
            good = live(port, host)
    except (OSError, ValueError, IndexError) as error:
        print("%s: %s" % (sys.argv[1], error))
        good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
