import { readText } from './files.ts'
import type { Host } from './host.ts'
import { runToEnd } from './processes.ts'

const [ctrlC, ctrlZ, escape] = ['\u0003', '\u001A', '\u001B']
/** More characters than these in one piece were pasted: nobody meant them as commands. */
const typedAtOnce = 4
/** Who goes on this long after it suspended itself was not suspended, or has been continued; in milliseconds. */
const notSuspendedMs = 100
/** How often a process in the background looks whether it is in the foreground again, in milliseconds: bash's `fg` tells one that runs nothing. */
const backgroundEveryMs = 300

/**
 * Takes single keys from the terminal (raw mode), which then turns none into a
 * signal by itself: Ctrl+C asks this process to stop, Ctrl+Z suspends it, with
 * all of its process group, and `fg` takes the keyboard again. Undefined where
 * there is nobody to type, or standard output isn't the same person's terminal:
 * a pager beside us reads the keyboard itself. Else the function that gives the
 * keyboard back: lines are edited by the terminal again, and Ctrl+C is a signal.
 * `onKey`: a letter or another sign, as it was typed; `\r` for Enter.
 */
export function takeKeys(host: Pick<Host, 'terminal' | 'platform'>, onKey: (key: string) => void): (() => void) | undefined {
  const { terminal, platform } = host
  const { stdin } = process
  if (!terminal.interactive || !terminal.outIsTerminal) return undefined
  let taken = true
  let raw = false
  let wasBehind = false
  let inBackground: NodeJS.Timeout | undefined
  const setRaw = (on: boolean) => {
    raw = on
    try {
      stdin.setRawMode(on)
    } catch {
      // a terminal that was closed has no mode; its end comes as a signal
    }
  }
  const resume = async () => {
    // in the background, a process that changes the terminal is stopped by it (SIGTTOU), and so is one that reads (SIGTTIN)
    const ours = await inForeground(platform)
    if (!taken) return
    // whoever had the terminal meanwhile may have left it in any mode: libuv sets none that it believes to be set
    if (raw && ours) setRaw(false)
    if (ours) setRaw(true)
    if (ours) stdin.resume()
    else {
      stdin.pause()
      clearTimeout(inBackground)
      inBackground = setTimeout(onContinue, backgroundEveryMs).unref()
    }
    // in the background it stays as it is, drawn anew with the next line of the log
    if (ours || !wasBehind) terminal.screen?.redraw()
    wasBehind = !ours
  }
  const onContinue = () => void resume()
  const suspend = () => {
    terminal.screen?.hide()
    setRaw(false)
    stdin.pause()
    // 0: the whole group, as the terminal would do it; a parent such as npm that went on would keep the shell waiting
    process.kill(0, 'SIGTSTP')
    // where no shell could continue us (an orphaned process group), the system suspends nobody
    setTimeout(onContinue, notSuspendedMs).unref()
  }
  const onData = (data: Buffer | string) => {
    const text = data.toString()
    if (text.includes(ctrlC)) interrupt(platform)
    else if (text.startsWith(escape) || text.length > typedAtOnce) return
    else
      for (const key of text) {
        if (key !== ctrlZ) onKey(key)
        else if (platform !== 'win32') suspend()
      }
  }
  const restore = () => {
    if (raw) setRaw(false)
  }
  // paused, so that a listener alone reads nothing
  stdin.pause()
  stdin.on('data', onData)
  // it must not keep a run up that has nothing else to do
  stdin.unref()
  process.on('SIGCONT', onContinue)
  process.on('exit', restore)
  void resume()
  return () => {
    if (!taken) return
    taken = false
    clearTimeout(inBackground)
    stdin.off('data', onData)
    stdin.pause()
    stdin.ref()
    process.off('SIGCONT', onContinue)
    process.off('exit', restore)
    restore()
  }
}

/** What Ctrl+C does where the terminal makes a signal of it. Windows has no signals: `kill` would end the process at once. */
function interrupt(platform: NodeJS.Platform): void {
  if (platform === 'win32') process.emit('SIGINT', 'SIGINT')
  else process.kill(process.pid, 'SIGINT')
}

/** Whether the terminal is ours: the shell gives it to one process group at a time. */
async function inForeground(platform: NodeJS.Platform): Promise<boolean> {
  if (platform === 'win32') return true
  if (platform === 'linux') {
    // pid (comm) state ppid pgrp session tty_nr tpgid …; the name may hold anything, so what follows its last bracket counts (proc(5))
    const stat = (await readText('/proc/self/stat')) ?? ''
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[2] === fields[5]
  }
  // `+`: in the foreground process group of its terminal (ps(1) of macOS and the BSDs)
  const { stdout } = await runToEnd('ps', ['-o', 'stat=', '-p', String(process.pid)], { deadlineMs: 2000 })
  return stdout.includes('+')
}
