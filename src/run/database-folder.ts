import { createHash } from 'node:crypto'
import { chmod, lchown, lstat, mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { errorCode, LauncherError } from '../errors.ts'
import { isFolder, readText, upwards } from '../host/files.ts'
import { makeHome } from './home.ts'

/** Whose process a database server is. */
export interface ServerUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** Where a project's database servers keep their data, and whose they are; `user` undefined: ours. */
export interface DatabaseFolder {
  readonly folder: string
  readonly user: ServerUser | undefined
  /** It isn't in the checkout, though its data are the checkout's. */
  readonly isOutside: boolean
}

/**
 * The folder for the data of the project's database servers, kept between runs:
 * in the checkout's `.election-dev`. PostgreSQL isn't run by root: then it is the
 * user `postgres` or `nobody`, in a folder that this one comes to, which may lie outside.
 * Throws LauncherError `managed-database` where there is none.
 */
export async function databaseFolder(root: string): Promise<DatabaseFolder> {
  if (process.getuid?.() !== 0) return { folder: await makeHome(root, 'postgres'), user: undefined, isOutside: false }
  const user = serverUser((await readText('/etc/passwd')) ?? '')
  if (user === undefined)
    throw new LauncherError('managed-database', "PostgreSQL can't run as root, and there is neither a user postgres nor a user nobody", {
      hint: 'Run election-dev as another user.',
    })
  if (await mayPass(user, root)) {
    const home = await makeHome(root)
    // what is in there stays this user's alone; the way through is what another one gets
    await chmod(home, 0o711)
    return { folder: await givenTo(user, join(home, 'postgres')), user, isOutside: false }
  }
  const name = `election-dev-postgres-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`
  // kept when the machine is started anew (Filesystem Hierarchy Standard)
  const above = (await isFolder('/var/tmp')) ? '/var/tmp' : tmpdir()
  return { folder: await givenTo(user, join(above, name)), user, isOutside: true }
}

/** A folder of a shared place may be somebody else's trap: it is taken only where it is a folder of root's or of the user's own. */
async function givenTo(user: ServerUser, folder: string): Promise<string> {
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error
  })
  const found = await lstat(folder)
  if (!found.isDirectory() || (found.uid !== 0 && found.uid !== user.uid))
    throw new LauncherError('managed-database', `${folder} belongs to another user`, {
      hint: 'Remove it, or run election-dev as another user.',
    })
  if (found.uid !== user.uid) await lchown(folder, user.uid, user.gid)
  return folder
}

/** The user `postgres`, else `nobody`, of a passwd file (passwd(5)). Pure. */
export function serverUser(passwd: string): ServerUser | undefined {
  const lines = passwd.split('\n').map((line) => line.split(':'))
  for (const wanted of ['postgres', 'nobody']) {
    const [name, , uid, gid] = lines.find(([each]) => each === wanted) ?? []
    if (name !== undefined && Number(uid) > 0) return { name, uid: Number(uid), gid: Number(gid) }
  }
  return undefined
}

/** Whether the user may pass through the folder and all above it. */
async function mayPass(user: ServerUser, folder: string): Promise<boolean> {
  const all = await Promise.all(upwards(folder, dirname('/')).map(async (each) => stat(each).catch(() => undefined)))
  return all.every((found) => {
    if (found === undefined) return false
    const shift = found.uid === user.uid ? 6 : found.gid === user.gid ? 3 : 0
    return (found.mode & (1 << shift)) !== 0
  })
}
