"""Stands above one command on Windows, as guard.py does elsewhere, and speaks as it does; errors are libuv's numbers.

The command and all that it starts are in a job that ends with its last handle, which is this process's
(JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE). They share a console that nobody sees, so that a Ctrl+C there asks all
of them to end. This process has none, and is in no job of the launcher's: it outlives it for as long as they need.
Standard library only, Python 3.8+.
"""

import ctypes
import msvcrt
import os
import re
import sys
import time
from ctypes import wintypes

GRACE = 5.0  # seconds that all have for their end where nobody says how long
FORCED = 5.0  # seconds that the system may take to clear away what was killed
LOOK = 0.05
SUSPENDED, NO_WINDOW = 0x4, 0x08000000
KILL_ON_CLOSE, ACCOUNTING, PIDS, LIMITS = 0x2000, 1, 3, 9
ENOENT, EACCES, UNKNOWN = 4058, 4092, 4094

kernel = ctypes.WinDLL("kernel32", use_last_error=True)
kernel.CreateJobObjectW.restype = wintypes.HANDLE


class StartupInfo(ctypes.Structure):
    """STARTUPINFOW: the three texts are reserved, desktop and title."""

    _fields_ = [
        ("cb", wintypes.DWORD),
        ("texts", ctypes.c_void_p * 3),
        ("numbers", wintypes.DWORD * 8),
        ("show", wintypes.WORD),
        ("reserved_size", wintypes.WORD),
        ("reserved", ctypes.c_void_p),
        ("streams", wintypes.HANDLE * 3),
    ]


class ProcessInformation(ctypes.Structure):
    _fields_ = [("process", wintypes.HANDLE), ("thread", wintypes.HANDLE), ("ids", wintypes.DWORD * 2)]


class Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = [
        ("times", ctypes.c_int64 * 2),
        ("flags", wintypes.DWORD),
        ("sizes", ctypes.c_size_t * 2),
        ("active", wintypes.DWORD),
        ("affinity", ctypes.c_size_t),
        ("classes", wintypes.DWORD * 2),
        ("counters", ctypes.c_uint64 * 6),
        ("memory", ctypes.c_size_t * 4),
    ]


class Accounting(ctypes.Structure):
    """JOBOBJECT_BASIC_ACCOUNTING_INFORMATION: page faults, all, those that run, those that were ended."""

    _fields_ = [("times", ctypes.c_int64 * 4), ("counts", wintypes.DWORD * 4)]


class Pids(ctypes.Structure):
    """JOBOBJECT_BASIC_PROCESS_ID_LIST."""

    _fields_ = [("assigned", wintypes.DWORD), ("listed", wintypes.DWORD), ("pids", ctypes.c_size_t * 1024)]


class Guard:
    def __init__(self, control):
        self.control, self.pipe, self.buffer = control, wintypes.HANDLE(msvcrt.get_osfhandle(control)), b""
        os.set_inheritable(control, False)

    def tell(self, word, number):
        try:
            os.write(self.control, b"%s %d\n" % (word, number))
        except OSError:
            pass

    def read(self):
        """What has come, without waiting for it: on one pipe a read would hold up a write. False once the other end is gone."""
        there = wintypes.DWORD()
        if not kernel.PeekNamedPipe(self.pipe, None, 0, None, ctypes.byref(there), None):
            return False
        if there.value:
            self.buffer += os.read(self.control, there.value)
        return True

    def take(self, end):
        """A part, once it is complete; where no more comes, there is nobody to start anything for."""
        while end(self.buffer) < 0:
            if not self.read():
                os._exit(0)
            time.sleep(0.001)
        size = end(self.buffer)
        taken, self.buffer = self.buffer[:size], self.buffer[size:]
        return taken

    def start(self):
        size, _, _, patience = map(int, self.take(lambda buffer: buffer.find(b"\n") + 1 or -1).split())
        words = self.take(lambda buffer: size if len(buffer) >= size else -1).decode().split("\0")[:-1]
        self.patience = patience / 1000
        self.job = wintypes.HANDLE(kernel.CreateJobObjectW(None, None))
        kernel.SetInformationJobObject(self.job, LIMITS, ctypes.byref(Limits(flags=KILL_ON_CLOSE)), ctypes.sizeof(Limits))
        info, made = StartupInfo(), ProcessInformation()
        # its streams are ours, and so are the descriptors above 2: how many, their flags and handles, as the C runtime hands them over
        kernel.GetStartupInfoW(ctypes.byref(info))
        if info.reserved:
            ctypes.c_ubyte.from_address(info.reserved + 4 + self.control).value = 0
        info.texts[0] = info.texts[1] = info.texts[2] = None
        # a process group of its own, as this one is, takes no Ctrl+C, and hands that down
        kernel.SetConsoleCtrlHandler(None, False)
        line = ctypes.create_unicode_buffer(" ".join(map(quoted, words)))
        around = None, None, True, SUSPENDED | NO_WINDOW, None, None
        if not kernel.CreateProcessW(words[0], line, *around, ctypes.byref(info), ctypes.byref(made)):
            # ERROR_FILE_NOT_FOUND, ERROR_PATH_NOT_FOUND, ERROR_ACCESS_DENIED
            self.tell(b"error", {2: ENOENT, 3: ENOENT, 5: EACCES}.get(ctypes.get_last_error(), UNKNOWN))
            os._exit(0)
        self.main = wintypes.HANDLE(made.process)
        kernel.AssignProcessToJobObject(self.job, self.main)
        kernel.ResumeThread(wintypes.HANDLE(made.thread))
        # the command alone holds its streams: their end is its end
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in range(self.control):
            if number < 3:
                os.dup2(nothing, number)
            else:
                os.close(number)
        os.close(nothing)
        self.tell(b"pid", made.ids[0])

    def left(self):
        """How many run; the end of the command itself is told."""
        code, told = wintypes.DWORD(), Accounting()
        if self.main and kernel.WaitForSingleObject(self.main, 0) == 0:
            kernel.GetExitCodeProcess(self.main, ctypes.byref(code))
            self.main = None
            self.tell(b"exit", code.value)
        kernel.QueryInformationJobObject(self.job, ACCOUNTING, ctypes.byref(told), ctypes.sizeof(told), None)
        return told.counts[2]

    def pause(self):
        if self.main:
            kernel.WaitForSingleObject(self.main, int(LOOK * 1000))
        else:
            time.sleep(LOOK)

    def watch(self):
        """Until it is to end, or nothing is left; gives the seconds that all have for it."""
        while self.left():
            line, found, rest = self.buffer.partition(b"\n")
            if found:
                self.buffer = rest
                return int(line.split()[1]) / 1000
            if not self.read():
                deadline = time.monotonic() + self.patience
                while self.left() and self.main and time.monotonic() < deadline:
                    self.pause()
                break
            self.pause()
        return GRACE

    def end(self, grace):
        deadline = time.monotonic() + grace
        if self.left() and grace:
            self.interrupt()
        # asked once more for no time at all: somebody is in a hurry
        while self.left() and time.monotonic() < deadline and b"end 0\n" not in self.buffer:
            self.read()
            self.pause()
        kernel.TerminateJobObject(self.job, 1)
        deadline = time.monotonic() + FORCED
        while self.left() and time.monotonic() < deadline:
            self.pause()

    def interrupt(self):
        """Ctrl+C for all that share their console; taskkill without /F asks windows alone."""
        ours = Pids()
        kernel.QueryInformationJobObject(self.job, PIDS, ctypes.byref(ours), ctypes.sizeof(ours), None)
        kernel.SetConsoleCtrlHandler(None, True)
        if any(kernel.AttachConsole(pid) for pid in ours.pids[: ours.listed]):
            kernel.GenerateConsoleCtrlEvent(0, 0)
            kernel.FreeConsole()


def quoted(word):
    """As the C runtime reads it: backslashes count before a quote alone."""
    if word and not re.search(r'[\s"]', word):
        return word
    return '"%s"' % re.sub(r'(\\*)("|$)', lambda found: found[1] * 2 + ('\\"' if found[2] else ""), word)


if __name__ == "__main__":
    guard = Guard(int(sys.argv[1]))
    guard.start()
    guard.end(guard.watch())
    os._exit(0)
