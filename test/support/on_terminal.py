"""Runs a command on a terminal of its own: what comes in is typed, what it prints goes out, its status is ours.

usage: on_terminal.py COMMAND [ARGUMENT...]
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

child, terminal = pty.fork()
if child == 0:
    # without a size nothing is drawn in its bottom line
    columns = os.environ.pop("COLUMNS", None)
    if columns is not None:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(columns), 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
# whoever ends this waits for the command's own end
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: os.kill(child, number))
sources = [0, terminal]
while True:
    ready, _, _ = select.select(sources, [], [])
    if 0 in ready:
        typed = os.read(0, 4096)
        if typed:
            os.write(terminal, typed)
        else:
            sources.remove(0)
    if terminal in ready:
        try:
            said = os.read(terminal, 4096)
        except OSError:  # Linux: the other end was closed
            said = b""
        if not said:
            break
        os.write(1, said)
_, status = os.waitpid(child, 0)
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))
