import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { isFile, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { dotenvValue, entriesOf, readDotenv, type DotenvEntry, type DotenvFact, type DotenvReader } from './dotenv.ts'
import { foldersIn } from './manage-py-places.ts'
import type { Project } from './project.ts'
import type { VariableSources } from './variable-sources.ts'
import { hideSecrets } from './variables.ts'

/** The `.env` that the settings read, and files that look as if they were meant to be it. */
export interface DotenvSurvey {
  /** The file where it is read. */
  readonly fact: DotenvFact
  /** Relative to the checkout, with forward slashes. */
  readonly shown: string
  /** Files that may have been meant: `.env.example`, `.env.txt`, a `.env` in another folder. */
  readonly others: readonly { readonly shown: string; readonly path: string; readonly kind: 'example' | 'misnamed' | 'elsewhere' }[]
  readonly reader: DotenvReader | undefined
  /** What stands in files that were meant to be it and that the settings don't read, as far as the text of the settings tells. */
  readonly unread: readonly { readonly shown: string; readonly entries: readonly DotenvEntry[] }[]
  readonly sources: VariableSources
}

const examples = /^\.?env\.(?:example|sample|template|dist|defaults?|local\.example|dev\.example)$/i
const misnamed = /^(?:\.env\.txt|env|env\.txt|\.env\.env|_env|\.env\.(?:bak|old|save|copy)|\.env - .*|\.env \(\d+\).*)$/i

/** Looks for `.env` files around the project; what is secret in them is registered. Never throws. */
export async function surveyDotenv(host: Host, project: Project): Promise<DotenvSurvey> {
  const fact = await readDotenv(project.dotenv, project.dotenvReader ?? 'decouple')
  const folders = [...new Set([dirname(project.dotenv), project.backend, project.root, ...(await foldersIn(project.backend))])]
  const found = await Promise.all(folders.map((folder) => candidatesIn(folder, project)))
  const others = found.flat()
  const shown = shownPath(project, project.dotenv)
  const { variableSources } = await import('./variable-sources.ts')
  return {
    fact,
    shown,
    others,
    reader: project.dotenvReader,
    unread: await unreadFiles(host, project, { fact, shown, others }),
    sources: await variableSources(host, project, others),
  }
}

/** The file that was meant to be the `.env`, or is an example of it. */
export function dotenvSource({ others }: Pick<DotenvSurvey, 'others'>): DotenvSurvey['others'][number] | undefined {
  return others.find(({ kind }) => kind === 'misnamed') ?? others.find(({ kind }) => kind === 'elsewhere') ?? others[0]
}

/** The value of a key as `.env` has it, with its place: `backend/.env:4`. */
export function inFile(
  { dotenv }: { readonly dotenv: DotenvSurvey | undefined },
  name: string,
): { readonly value: string; readonly shown: string } | undefined {
  const entry = dotenvValue(entriesOf(dotenv?.fact), name, dotenv?.reader ?? 'decouple')
  return entry && { value: entry.value, shown: `${dotenv?.shown ?? '.env'}:${entry.line}` }
}

/** The entry of a value that the settings refuse; of several with the same one that whose key stands on the line that they refuse it at. Undefined where nothing tells. */
export function entryWith(
  { dotenv, brokenLine = '' }: { readonly dotenv: DotenvSurvey | undefined; readonly brokenLine?: string | undefined },
  value: string,
): DotenvEntry | undefined {
  const found = entriesOf(dotenv?.fact).filter((entry) => entry.value === value)
  return found.length < 2 ? found[0] : found.find(({ key }) => new RegExp(`\\b${key.replaceAll(/\W/g, '\\\\$&')}\\b`).test(brokenLine))
}

async function unreadFiles(
  host: Host,
  project: Project,
  { fact, shown, others }: Pick<DotenvSurvey, 'fact' | 'shown' | 'others'>,
): Promise<DotenvSurvey['unread']> {
  const settings = (await Promise.all(project.settingsFiles.map((file) => readText(file)))).join('\n')
  // settings that name its folder beside `.env` load it by its path
  const isNamed = (path: string) => settings.split('\n').some((line) => line.includes('.env') && line.includes(basename(dirname(path))))
  const meant = others.filter(({ kind, path }) => kind !== 'example' && !(kind === 'elsewhere' && isNamed(path)))
  const files = await Promise.all(
    meant.map(async (other) => ({ shown: other.shown, fact: await readDotenv(other.path, project.dotenvReader) })),
  )
  // settings that import no reader leave even the one beside manage.py alone
  if (project.dotenvReader === undefined) files.unshift({ shown, fact })
  for (const file of files) hideSecrets(host, file.fact)
  return files.flatMap((file) => (file.fact.kind === 'present' ? [{ shown: file.shown, entries: file.fact.entries }] : []))
}

async function candidatesIn(folder: string, project: Project): Promise<DotenvSurvey['others']> {
  const names = await readdir(folder).catch(() => [])
  const found: DotenvSurvey['others'][number][] = []
  for (const name of names) {
    const path = join(folder, name)
    if (path === project.dotenv) continue
    const kind = examples.test(name) ? 'example' : misnamed.test(name) ? 'misnamed' : name === '.env' ? 'elsewhere' : undefined
    if (kind !== undefined && (await isFile(path))) found.push({ shown: shownPath(project, path), path, kind })
  }
  return found
}

function shownPath(project: Pick<Project, 'root'>, path: string): string {
  return relative(project.root, path).split(sep).join('/')
}
