import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { Host } from '../host/host.ts'

/** Where a program is on the PATH, or undefined. Nothing is run. */
export async function onPath(host: Host, name: string): Promise<string | undefined> {
  const suffixes = host.platform === 'win32' ? ['.exe', '.cmd', ''] : ['']
  const path = host.env['PATH'] ?? host.env['Path'] ?? ''
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue
    for (const suffix of suffixes) {
      const file = join(folder, name + suffix)
      if (
        await access(file, constants.X_OK).then(
          () => true,
          () => false,
        )
      )
        return file
    }
  }
  return undefined
}
