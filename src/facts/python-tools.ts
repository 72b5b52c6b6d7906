import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { isFile, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { runToEnd } from '../host/processes.ts'

/** An environment that a tool keeps, beside the usual places or in one of its own. */
interface ToolFolder {
  readonly tool: string
  readonly folder: string
}

/** What of a project a tool's record looks at. */
interface Around {
  readonly host: Host
  /** From manage.py upwards. */
  readonly folders: readonly string[]
  /** The first of the folders that has such a file. */
  readonly holds: (name: string) => Promise<string | undefined>
  /** The text of the nearest pyproject.toml that has such a table. */
  readonly table: (pattern: RegExp) => Promise<string | undefined>
}

interface Tool {
  readonly tool: string
  /** Where it keeps the project's environment; undefined where it isn't the project's tool, or says nothing. */
  readonly find: (around: Around) => Promise<string | undefined>
}

/** The tools that keep environments, each asked only where its own file is in the project. */
const tools: readonly Tool[] = [
  {
    tool: 'poetry',
    find: async (around) => {
      const folder = (await around.holds('poetry.lock')) ?? (await around.table(/^\[tool\.poetry\]/m))
      return folder === undefined ? undefined : answerOf(around, folder, ['poetry', 'env', 'info', '--path'])
    },
  },
  {
    tool: 'pdm',
    find: async (around) => {
      // the interpreter that it has chosen (pdm-project.org, "Working with virtual environments")
      const chosen = await around.holds('.pdm-python')
      const file = chosen === undefined ? '' : ((await readText(join(chosen, '.pdm-python'))) ?? '').trim()
      return file === '' ? undefined : dirname(dirname(file))
    },
  },
  {
    tool: 'pipenv',
    find: async (around) => {
      const folder = await around.holds('Pipfile')
      return folder === undefined ? undefined : answerOf(around, folder, ['pipenv', '--venv'])
    },
  },
  {
    tool: 'hatch',
    find: async (around) => {
      const folder = (await around.holds('hatch.toml')) ?? (await around.table(/^\[tool\.hatch\.envs\b/m))
      return folder === undefined ? undefined : answerOf(around, folder, ['hatch', 'env', 'find', 'default'])
    },
  },
  {
    tool: 'pixi',
    find: async (around) => {
      const folder = (await around.holds('pixi.toml')) ?? (await around.holds('pixi.lock'))
      return folder === undefined ? undefined : join(folder, '.pixi', 'envs', 'default')
    },
  },
  {
    tool: 'direnv',
    find: async (around) => {
      // its `layout python` (github.com/direnv/direnv, stdlib.sh)
      const folder = await around.holds('.envrc')
      const layouts = folder === undefined ? undefined : join(folder, '.direnv')
      const name = (await readdir(layouts ?? '').catch(() => [])).filter((each) => /^python-3[\d.]*$|^venv$/.test(each)).toSorted()
      return layouts === undefined || name[0] === undefined ? undefined : join(layouts, name[0])
    },
  },
  { tool: 'uv', find: async ({ host }) => host.env['UV_PROJECT_ENVIRONMENT'] },
  { tool: 'conda', find: async ({ host }) => host.env['CONDA_PREFIX'] },
  {
    tool: 'conda',
    find: async ({ host, holds, folders }) => {
      const near = (await Promise.all(folders.map((folder) => isFolderOfConda(join(folder, '.conda'))))).indexOf(true)
      if (near !== -1) return join(folders[near] ?? '', '.conda')
      const folder = (await holds('environment.yml')) ?? (await holds('environment.yaml'))
      if (folder === undefined) return undefined
      const text = (await readText(join(folder, 'environment.yml'))) ?? (await readText(join(folder, 'environment.yaml'))) ?? ''
      const name = /^name:\s*["']?([\w.-]+)/m.exec(text)?.[1]
      // every environment that conda has made (docs.conda.io, environments.txt)
      const all = ((await readText(join(host.env['HOME'] ?? homedir(), '.conda', 'environments.txt'))) ?? '').split(/\r?\n/)
      return name === undefined ? undefined : all.find((each) => basename(each) === name)
    },
  },
]

const isFolderOfConda = (folder: string) => isFile(join(folder, 'conda-meta', 'history'))

/** Environments that tools keep, where their own files are in the project. `folders`: from manage.py upwards. Never throws. */
export async function toolFolders(host: Host, folders: readonly string[]): Promise<ToolFolder[]> {
  const first = async (holds: (folder: string) => Promise<boolean>) => {
    const found = await Promise.all(folders.map((folder) => holds(folder)))
    return folders[found.indexOf(true)]
  }
  const around: Around = {
    host,
    folders,
    holds: (name) => first((folder) => isFile(join(folder, name))),
    table: (pattern) => first(async (folder) => pattern.test((await readText(join(folder, 'pyproject.toml'))) ?? '')),
  }
  const found: ToolFolder[] = []
  for (const { tool, find } of tools) {
    const folder = await find(around)
    if (folder !== undefined && folder !== '') found.push({ tool, folder })
  }
  return found
}

/** How long a tool may take to say where it keeps an environment, in milliseconds: a second or two, on a busy machine many. */
const answerMs = 20_000

async function answerOf({ host }: Around, cwd: string, [program = '', ...args]: readonly string[]): Promise<string | undefined> {
  const finished = await runToEnd(program, args, { cwd, env: host.env, deadlineMs: answerMs })
  const line = finished.stdout.trim().split(/\r?\n/).at(-1)
  return finished.exitCode === 0 && line !== undefined && line !== '' ? line : undefined
}
