import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readText } from '../host/files.ts'
import { serverPrograms } from '../servers/known.ts'

/** A script of an environment whose interpreter is gone: the system says ENOENT for it, as for a missing file. */
export interface DeadShebang {
  readonly script: string
  readonly interpreter: string
  /** The environment's folder. */
  readonly folder: string
}

/** Server scripts whose first line pip writes with the interpreter's absolute path. */
const scripts = [...serverPrograms.map(({ name }) => name), 'pip']

/** The first script beside an interpreter that names another one which isn't there. Never throws; nothing on Windows, where they are programs. */
export async function deadShebang(python: string): Promise<DeadShebang | undefined> {
  const bin = dirname(python)
  for (const name of scripts) {
    const script = join(bin, name)
    const text = (await readText(script)) ?? ''
    const interpreter = /^#!\s*(\/[^\r\n]*?)\s*$/m.exec(text.slice(0, 512).split('\n')[0] ?? '')?.[1]
    if (interpreter === undefined || interpreter.includes(' ')) continue
    if ((await stat(interpreter).catch(() => undefined)) === undefined) return { script, interpreter, folder: dirname(bin) }
  }
  return undefined
}
