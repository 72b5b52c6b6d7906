/** Trees of files in temporary folders. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const made: string[] = []

/** Writes the files below a new folder, whose path it gives; names are relative, with forward slashes. */
export async function filesIn(files: Readonly<Record<string, string | Uint8Array>>, name = 'checkout'): Promise<string> {
  // macOS's temporary folder is behind a link
  const above = await realpath(await mkdtemp(join(tmpdir(), 'election-files-')))
  made.push(above)
  const root = join(above, name)
  await mkdir(root)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  return root
}

/** Takes away every folder that `filesIn` made. */
export async function removeFiles(): Promise<void> {
  await Promise.all(made.splice(0).map((folder) => rm(folder, { recursive: true, force: true })))
}
