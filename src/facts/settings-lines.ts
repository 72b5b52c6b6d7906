import { readText } from '../host/files.ts'
import { shown, type Project } from './project.ts'

/** A line of the settings that names variables. */
export interface SettingsLine {
  /** Relative to the checkout. */
  readonly file: string
  readonly line: number
  readonly text: string
}

type SettingsFiles = Pick<Project, 'root' | 'settingsFiles'>

/** The lines of the settings that name a variable in quotes, comments left out. Never throws. */
export async function readLines(project: SettingsFiles): Promise<SettingsLine[]> {
  const code = (await allLines(project)).map((line) => ({ ...line, text: line.text.replace(/^\s*#.*$|\s#\s.*$/, '').trim() }))
  return code.filter(({ text }) => /["'][A-Z][A-Z0-9_]{2,}["']/.test(text))
}

async function allLines(project: SettingsFiles): Promise<SettingsLine[]> {
  const lines = project.settingsFiles.map(async (path) => {
    const file = shown(project, path)
    return ((await readText(path)) ?? '').split(/\r\n|\n|\r/).map((text, at) => ({ file, line: at + 1, text }))
  })
  return (await Promise.all(lines)).flat()
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

/** True where the settings write their channel layer out, so that no variable chooses it. Never throws. */
export async function writesLayerOut(project: SettingsFiles): Promise<boolean> {
  const texts = await Promise.all(project.settingsFiles.map(async (path) => (await readText(path)) ?? ''))
  const setting = texts.filter((text) => /^[ \t]*CHANNEL_LAYERS\b.*=/m.test(text))
  return setting.length > 0 && setting.every((text) => isWrittenOut(text))
}

/** Whether the last word on the layer stands at the margin, and is made of nothing but literals. Pure. */
export function isWrittenOut(text: string): boolean {
  const last = [...text.matchAll(/^[ \t]*CHANNEL_LAYERS\b.*=/gm)].at(-1)?.index
  if (last === undefined || !text.startsWith('CHANNEL_LAYERS', last)) return false
  const [first = '', ...rest] = text.slice(last).split('\n')
  // it goes on as long as lines are indented or close a bracket
  const end = rest.findIndex((line) => /^[^\s#)\]}]/.test(line))
  const value = [first, ...(end === -1 ? rest : rest.slice(0, end))].join('\n').replace(/^CHANNEL_LAYERS/, '')
  const words = value.replaceAll(/"[^"\n]*"|'[^'\n]*'|#.*/g, '').match(/[A-Za-z_]\w*/g) ?? []
  return words.every((word) => /^(?:True|False|None)$/.test(word))
}

/** Where the settings name the class of their channel layer; undefined where it isn't written out. Never throws. */
export async function layerLine(project: SettingsFiles, backend: string): Promise<SettingsLine | undefined> {
  const lines = (await allLines(project)).map((line) => ({ ...line, text: line.text.trim() }))
  return lines.find(({ text }) => !text.startsWith('#') && (text.includes(`"${backend}"`) || text.includes(`'${backend}'`)))
}
