"""Stands above one command on POSIX, and ends it with all that it has started, whatever becomes of the launcher.

Started as `guard.py FD`, one end of a socket pair: `BYTES UID GID PATIENCE` and the command's words, each ended by
a NUL, are read from it, later `end MILLISECONDS`; `pid N`, and `exit N`, `signal N` or `error N` (errno), are
told there. When the other end is closed, all is ended as well, after PATIENCE milliseconds for what the
command does then by itself. On Linux it is a subreaper (prctl(2)): what
has left its parent, its group and its session is a child of this process then. Elsewhere what has left both
its parent and the command's group is lost. Modules of C alone: it stands before every start.
"""

import errno
import os
import select
import sys
import time

import _signal as signal

GRACE = 5.0  # seconds that all have for their end where nobody says how long
FORCED = 5.0  # seconds that the system may take to clear away what was killed
LOOK = 0.01
SUBREAPER, DEATH_SIGNAL = 36, 1
LINUX = sys.platform == "linux"
# CONFIG_PROC_CHILDREN: not every kernel has it (proc_pid_task(5))
BY_THREAD = LINUX and os.path.exists("/proc/%d/task/%d/children" % (os.getpid(), os.getpid()))


def prctl(option, value):
    import _ctypes

    try:
        _ctypes.call_function(_ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl"), (option, value, 0, 0, 0))
    except (OSError, AttributeError):
        pass


class Guard:
    def __init__(self, control):
        self.control, self.buffer, self.main, self.group = control, b"", None, None
        os.set_inheritable(control, False)
        self.woken, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(self.woken, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.asked = False
        signal.signal(signal.SIGTERM, self.ask)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    def ask(self, *_):
        self.asked = True

    def tell(self, word, number):
        try:
            os.write(self.control, b"%s %d\n" % (word, number))
        except OSError:
            pass

    def read(self):
        """What has come, and whether the other end is still there."""
        try:
            data = os.read(self.control, 65536)
        except OSError:
            data = b""
        self.buffer += data
        return bool(data)

    def take(self, end):
        """A part, once it is complete; where no more comes, there is nobody to start anything for."""
        while end(self.buffer) < 0:
            if not self.read():
                sys.exit(0)
        size = end(self.buffer)
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def start(self):
        size, uid, gid, patience = map(int, self.take(lambda buffer: buffer.find(b"\n") + 1 or -1).split())
        words = self.take(lambda buffer: size if len(buffer) >= size else -1).split(b"\0")[:-1]
        self.patience = patience / 1000
        if LINUX:
            prctl(SUBREAPER, 1)
        failed, fails = os.pipe()
        self.main = os.fork()
        if self.main == 0:
            become(words, uid, gid, fails)
        os.close(fails)
        # the command alone holds its streams: their end is its end
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in range(self.control):
            if number < 3:
                os.dup2(nothing, number)
            else:
                os.close(number)
        os.close(nothing)
        said = os.read(failed, 16)
        os.close(failed)
        if said:
            self.tell(b"error", int(said))
            os.waitpid(self.main, 0)
            sys.exit(0)
        self.group = self.main
        self.tell(b"pid", self.main)

    def reap(self):
        """Waits for those that have ended; False once no child is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.main:
                self.main = None
                if os.WIFSIGNALED(status):
                    self.tell(b"signal", os.WTERMSIG(status))
                else:
                    self.tell(b"exit", os.WEXITSTATUS(status))

    def pause(self, seconds, *more):
        """Until a child has ended, or one of these can be read."""
        ready = select.select([self.woken, *more], (), (), seconds)[0]
        if self.woken in ready:
            try:
                os.read(self.woken, 4096)
            except BlockingIOError:
                pass
        return ready

    def watch(self):
        """Until it is to end, or nothing is left; gives the seconds that all have for it."""
        while self.reap() and not self.asked:
            line, found, rest = self.buffer.partition(b"\n")
            if found:
                self.buffer = rest
                return int(line.split()[1]) / 1000
            if self.control in self.pause(None, self.control) and not self.read():
                deadline = time.monotonic() + self.patience
                while self.reap() and self.main and time.monotonic() < deadline:
                    self.pause(LOOK)
                break
        return GRACE

    def end(self, grace):
        deadline, told, is_held = time.monotonic() + grace, set(), True
        # asked for no time at all, or asked once more: somebody is in a hurry
        while self.left() and time.monotonic() < deadline and b"end 0\n" not in self.buffer:
            for pid in self.tree() - told:
                # what is stopped takes no signal before it goes on
                send(pid, signal.SIGTERM)
                send(pid, signal.SIGCONT)
                told.add(pid)
            if self.control in self.pause(LOOK, *([self.control] if is_held else [])):
                is_held = self.read()
        deadline = time.monotonic() + FORCED
        while self.left() and time.monotonic() < deadline:
            # what is stopped starts nothing: all are stopped before the first is killed
            stopped, new = set(), self.tree()
            while new:
                for pid in new:
                    send(pid, signal.SIGSTOP)
                stopped |= new
                new = self.tree() - stopped
            for pid in stopped:
                send(pid, signal.SIGKILL)
            self.pause(LOOK)

    def left(self):
        """Whether anything is: on Linux every descendant is a child of ours once its parent is gone."""
        return self.reap() or (not LINUX and bool(self.tree()))

    def tree(self):
        found, new = set(), children(os.getpid(), self.group)
        while new - found:
            found |= new
            new = set().union(*(children(pid) for pid in new))
        return found


def become(words, uid, gid, fails):
    """The command, in a session of its own, as if nobody stood above it."""
    try:
        os.setsid()
        if uid >= 0:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        if LINUX:
            # the guard may be killed as well
            prctl(DEATH_SIGNAL, signal.SIGTERM)
        try:
            os.execvp(words[0], words)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
            # a script without a first line that names its interpreter, as execvp(3) has it
            os.execv("/bin/sh", [b"/bin/sh", *words])
    except OSError as error:
        os.write(fails, b"%d" % (error.errno or 1))
    finally:
        os._exit(127)


def children(parent, group=None):
    """Of a process; elsewhere than on Linux also the members of a process group, since nothing else leads to an orphan."""
    if BY_THREAD:
        found = set()
        try:
            for thread in os.listdir("/proc/%d/task" % parent):
                with open("/proc/%d/task/%s/children" % (parent, thread)) as file:
                    found.update(map(int, file.read().split()))
        except OSError:
            pass
        return found
    return {pid for pid, above, led in (rows() if LINUX else listed()) if above == parent or (not LINUX and led == group)} - {os.getpid()}


def rows():
    """PID, parent and group, where the kernel keeps no list of children."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid, errors="replace") as file:
                _, above, led = file.read().rpartition(")")[2].split()[:3]
                yield int(pid), int(above), int(led)
        except OSError:
            pass


def listed():
    with os.popen("ps -A -o pid=,ppid=,pgid=") as output:
        return [tuple(map(int, row.split())) for row in output]


def send(pid, number):
    try:
        os.kill(pid, number)
    except OSError:
        pass


if __name__ == "__main__":
    guard = Guard(int(sys.argv[1]))
    guard.start()
    guard.end(guard.watch())
