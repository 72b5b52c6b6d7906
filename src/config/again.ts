import type { Config } from './config.ts'

/** What of a command line says which project it is about, and how it is loaded. */
const ofProject = ['backend', 'settings', 'application', 'python', 'envFile'] as const

/** `election-dev start` with these words, and with the flags of this command line that say which project it is. Pure. */
export function startAgain(config: Config, ...words: readonly string[]): readonly string[] {
  const given = ofProject.flatMap((key) => {
    const [value, flag] = [config[key], config.source(key)]
    return value !== undefined && flag.startsWith('--') && !words.includes(flag) ? [flag, value] : []
  })
  return ['election-dev', 'start', ...words, ...given]
}
