"""Runs a command in a terminal of its own, COLUMNS wide (0: without a size). Lines on standard input: `ctrl-c`, `close`, `unread` (as after Ctrl+S), or `type TEXT`.

What the command prints goes to standard output; its end is the last line on
standard error: `exit N` or `signal N`.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios


def main() -> None:
    pid, master = pty.fork()
    if pid == 0:
        size = struct.pack("HHHH", 24, int(os.environ.pop("COLUMNS", "80")), 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        os.execvp(sys.argv[1], sys.argv[1:])
    sources = [master, 0]
    unread = False
    while master in sources or unread:
        ready, _, _ = select.select(sources, [], [])
        if master in ready:
            try:
                data = os.read(master, 65536)
            except OSError:
                data = b""
            if not data:
                break
            os.write(1, data)
        if 0 in ready:
            text = os.read(0, 4096).decode()
            if not text:
                sources.remove(0)
            for line in text.splitlines():
                if line == "ctrl-c":
                    os.write(master, b"\x03")
                    unread = False
                elif line == "unread":
                    sources, unread = [0], True
                elif line == "close":
                    os.close(master)
                    sources = []
                elif line.startswith("type "):
                    os.write(master, line[5:].encode() + b"\r")
    _, status = os.waitpid(pid, 0)
    word = f"exit {os.WEXITSTATUS(status)}" if os.WIFEXITED(status) else f"signal {os.WTERMSIG(status)}"
    sys.stderr.write(word + "\n")


main()
