import { readText } from '../host/files.ts'
import { shown, type Project } from './project.ts'

/** A line of the settings that names variables. */
export interface SettingsLine {
  /** Relative to the checkout. */
  readonly file: string
  readonly line: number
  readonly text: string
}

/** The lines of the settings that name a variable in quotes, comments left out. Never throws. */
export async function readLines(project: Pick<Project, 'root' | 'settingsFiles'>): Promise<SettingsLine[]> {
  const texts = await Promise.all(project.settingsFiles.map((file) => readText(file)))
  return texts.flatMap((text, index) =>
    (text ?? '').split(/\r\n|\n|\r/).flatMap((written, at) => {
      const code = written.replace(/^\s*#.*$|\s#\s.*$/, '').trim()
      const file = shown(project, project.settingsFiles[index] ?? '')
      return /["'][A-Z][A-Z0-9_]{2,}["']/.test(code) ? [{ file, line: at + 1, text: code }] : []
    }),
  )
}

/**
 * Where the settings take any text of the variable for true: `bool(os.environ.get("X"))`,
 * or its text as it is where a truth value is wanted.
 */
export function takesAnyText(lines: readonly SettingsLine[], name: string): SettingsLine | undefined {
  const quoted = new RegExp(`["']${name}["']`)
  return lines.find(
    ({ text }) =>
      quoted.test(text) &&
      /\b(?:environ|getenv|config|env)\b/.test(text) &&
      !/cast\s*=|\.lower\(|\.upper\(|\.casefold\(|[=!]=|\bin\s*[([{]|\.bool\(|strtobool|json\.|literal_eval/.test(text),
  )
}

/** Where the settings name the class of their channel layer; undefined where it isn't written out. Never throws. */
export async function layerLine(project: Pick<Project, 'root' | 'settingsFiles'>, backend: string): Promise<SettingsLine | undefined> {
  const texts = await Promise.all(project.settingsFiles.map((file) => readText(file)))
  return texts
    .flatMap((text, index) =>
      (text ?? '').split(/\r\n|\n|\r/).map((line, at) => ({
        file: shown(project, project.settingsFiles[index] ?? ''),
        line: at + 1,
        text: line.trim(),
      })),
    )
    .find(({ text }) => !text.startsWith('#') && (text.includes(`"${backend}"`) || text.includes(`'${backend}'`)))
}
