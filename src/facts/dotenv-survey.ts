import { readdir } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { isFile } from '../host/files.ts'
import { readDotenv, type DotenvFact, type DotenvReader } from './dotenv.ts'
import type { Project } from './project.ts'

/** The `.env` that the settings read, and files that look as if they were meant to be it. */
export interface DotenvSurvey {
  /** The file where it is read. */
  readonly fact: DotenvFact
  /** Relative to the checkout, with forward slashes. */
  readonly shown: string
  /** Files that may have been meant: `.env.example`, `.env.txt`, a `.env` in another folder. */
  readonly others: readonly { readonly shown: string; readonly path: string; readonly kind: 'example' | 'misnamed' | 'elsewhere' }[]
  readonly reader: DotenvReader | undefined
}

const examples = /^\.?env\.(?:example|sample|template|dist|defaults?|local\.example|dev\.example)$/i
const misnamed = /^(?:\.env\.txt|env|env\.txt|\.env\.env|_env|\.env\.(?:bak|old|save|copy)|\.env - .*|\.env \(\d+\).*)$/i
const passedOver = /^(?:\.|node_modules$|venv$|env$|dist$|build$|static$|media$|site-packages$|__pycache__$)/

/** Looks for `.env` files around the project. Never throws. */
export async function surveyDotenv(project: Project): Promise<DotenvSurvey> {
  const fact = await readDotenv(project.dotenv, project.dotenvReader ?? 'decouple')
  const folders = [...new Set([dirname(project.dotenv), project.backend, project.root, ...(await below(project.backend))])]
  const found = await Promise.all(folders.map((folder) => candidatesIn(folder, project)))
  return { fact, shown: shownPath(project, project.dotenv), others: found.flat(), reader: project.dotenvReader }
}

async function candidatesIn(folder: string, project: Project): Promise<DotenvSurvey['others']> {
  const names = await readdir(folder).catch(() => [])
  const found: { shown: string; path: string; kind: 'example' | 'misnamed' | 'elsewhere' }[] = []
  for (const name of names) {
    const path = join(folder, name)
    if (path === project.dotenv) continue
    const kind = examples.test(name) ? 'example' : misnamed.test(name) ? 'misnamed' : name === '.env' ? 'elsewhere' : undefined
    if (kind !== undefined && (await isFile(path))) found.push({ shown: shownPath(project, path), path, kind })
  }
  return found
}

async function below(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory() && !passedOver.test(entry.name)).map((entry) => join(folder, entry.name))
}

function shownPath(project: Pick<Project, 'root'>, path: string): string {
  return relative(project.root, path).split(sep).join('/')
}
