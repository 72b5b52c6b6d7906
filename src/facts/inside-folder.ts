import { fileURLToPath } from 'node:url'

/** The folder of the package that looks from inside, and of nothing else: what lies beside a package on Python's path shadows others. */
export const insideFolder = fileURLToPath(new URL('../inside', import.meta.url))
