"""Runs `sh -c COMMAND`, or an interactive bash, on a terminal of COLUMNS columns.

What comes in on standard input is typed, but `\\x1d` COLUMNS `\\n`, which makes the terminal so wide.
What the terminal shows goes out.

usage: job_terminal.py COLUMNS COMMAND [ARGUMENT...]
"""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios


def resize(terminal: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


child, terminal = pty.fork()
if child == 0:
    resize(0, int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGHUP))
sources = [0, terminal]
while True:
    ready, _, _ = select.select(sources, [], [])
    if 0 in ready:
        typed = os.read(0, 4096)
        size = re.fullmatch(rb"\x1d(\d+)\n", typed)
        if size:
            resize(terminal, int(size.group(1)))
        elif typed:
            os.write(terminal, typed)
        else:
            sources.remove(0)
    if terminal in ready:
        try:
            said = os.read(terminal, 65536)
        except OSError:  # Linux: the other end was closed
            said = b""
        if not said:
            break
        os.write(1, said)
_, status = os.waitpid(child, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
