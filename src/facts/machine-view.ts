import type { Host } from '../host/host.ts'
import type { MachineView } from './server-view.ts'
import { linuxView } from './servers-linux.ts'
import { posixView } from './servers-posix.ts'
import { windowsView } from './servers-windows.ts'

/** One look at the processes of this machine; undefined where it tells nothing. Never throws; `deadlineMs` bounds each tool and the search. */
export async function machineView(host: Host, deadlineMs: number): Promise<MachineView | undefined> {
  const { platform } = host
  const look =
    platform === 'linux'
      ? linuxView(performance.now() + deadlineMs)
      : platform === 'win32'
        ? windowsView(host, deadlineMs)
        : posixView(host, deadlineMs)
  return look.catch(() => undefined)
}
