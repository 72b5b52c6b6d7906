import { chmod, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errorMessage, LauncherError } from '../errors.ts'
import { parseProblem } from '../facts/python-syntax.ts'
import { isEntry, readBytes } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import type { CiKind } from '../plan/init-ci.ts'
import type { FileChange } from '../plan/init-files.ts'
import { makeBackup } from './backup.ts'
import { writeDotenv } from './dotenv-write.ts'

/** The template of a job, as the package has it. */
export async function ciTemplate(kind: CiKind): Promise<string> {
  return (await readBytes(new URL(`../../templates/ci/${kind}.yml`, import.meta.url))).toString()
}

/**
 * Writes the files, all of them or none: what was written before one that fails
 * is put back. Gives the folder that keeps how they were, relative to `root`.
 * A file that isn't any more what the change was made from, and Python that
 * `python` can't read, are refused. Throws LauncherError `init-write`, or what the system has refused.
 */
export async function writeInit(
  host: Pick<Host, 'platform' | 'env'>,
  root: string,
  changes: readonly FileChange[],
  python: string | undefined,
): Promise<string | undefined> {
  const backup = makeBackup(host, root)
  try {
    for (const { language, after, file } of changes) {
      const problem = language === 'python' ? await parseProblem(python, after) : undefined
      if (problem !== undefined) throw new LauncherError('init-write', `${file} would no longer be valid Python`, { evidence: [problem] })
    }
    for (const { file, before, after } of changes) {
      const path = join(root, ...file.split('/'))
      if (before !== undefined) {
        await backup.changing(path, Buffer.from(after))
        await writeDotenv(path, Buffer.from(before), Buffer.from(after))
      } else {
        for (const folder of await missingFolders(dirname(path))) {
          await mkdir(folder)
          await backup.madeFolder(folder)
        }
        await backup.creating(path, Buffer.from(after))
        await writeDotenv(path, undefined, Buffer.from(after))
        // nothing of it is for the owner's eyes alone
        await chmod(path, 0o666 & ~process.umask())
      }
    }
    return backup.shown()
  } catch (error) {
    const back = await backup.putBack(0)
    const left = back.filter(({ outcome }) => outcome === 'left').map(({ path, why }) => `${path} was left as it is: ${why ?? ''}`)
    // what the system refuses is told as that, where nothing has to be said besides
    if (left.length === 0 && !(error instanceof LauncherError)) throw error
    throw new LauncherError('init-write', `Nothing was written: ${errorMessage(error)}`, {
      hint: error instanceof LauncherError && error.hint !== undefined ? error.hint : 'Run the command again.',
      evidence: left,
      cause: error,
    })
  }
}

/** The folders that have to be made, the highest first. */
async function missingFolders(folder: string): Promise<string[]> {
  return (await isEntry(folder)) ? [] : [...(await missingFolders(dirname(folder))), folder]
}
