import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { attempt } from '../errors.ts'
import { readBytesSync } from '../host/files.ts'
import type { LookRequest } from './examine.ts'
import { homeName } from './home-name.ts'

/** The name of the file that names the development user which the setup has made: an account of the tool's own, and of no person. */
export const madeUserFile = 'user'

/** Who is to stand for the page: the user that was named, and the one that the setup has made. */
export function pageUser(root: string, { user }: Pick<Config, 'user'>): Pick<LookRequest, 'user' | 'madeUser'> {
  // one small file, read while the server starts: a promise would take longer
  const made = attempt(() =>
    readBytesSync(join(root, homeName, madeUserFile), 1000)
      .toString()
      .trim(),
  )
  return { user, madeUser: made === '' ? undefined : made }
}
