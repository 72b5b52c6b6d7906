/** Requirements that can't be installed, and what is to be said of each: with uv, or with pip where that says it in other words. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { runCli } from './cli.ts'
import { freshProject, installerEnvironment, type FreshProject } from './fresh-project.ts'
import { ownIndex } from './packages.ts'

interface InstallRow {
  readonly name: string
  readonly lines: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly latin1?: true
  readonly says: readonly string[]
  /** Of the installer's own words. */
  readonly uv?: string
  readonly pip?: string
  /** What is done before pip tries once more. */
  readonly retries?: string
}

export const installRows: readonly InstallRow[] = [
  {
    name: 'a build that fails',
    lines: ['# all', 'loom-thread==1.0'],
    says: [
      "loom-thread==1.0 can't be built here",
      'backend/requirements.txt:2: loom-thread==1.0',
      'loom-config executable not found',
      'None of it was installed',
    ],
  },
  {
    // with an option that only a file can have, so that it has to be installed as it is
    name: 'a freeze of Windows',
    lines: ['--trusted-host pypi.example.org', 'twisted-iocpsupport==1.0.4'],
    says: ['not for this machine', 'Write twisted-iocpsupport==1.0.4 ; sys_platform == "win32" in backend/requirements.txt:2'],
  },
  {
    name: 'a release that there is not',
    lines: ['loom-shuttle==9'],
    says: ['loom-shuttle==9 is not to be found', 'backend/requirements.txt:1'],
  },
  {
    name: 'two that exclude each other',
    lines: ['loom-shuttle==1.0', 'loom-warp==2.0'],
    says: ["can't be installed together", 'backend/requirements.txt:2'],
    uv: 'all versions of loom-shuttle depend on loom-warp<2',
    pip: 'loom-shuttle 1.0 depends on loom-warp<2',
  },
  {
    name: 'an old release that another one leads to',
    lines: ['loom-warp>=2', 'loom-beam'],
    says: ["can't be built here", 'backend/requirements.txt:2'],
    pip: 'goes together only with',
    retries: 'backend/venv/bin/python -m pip install --upgrade pip',
  },
  {
    name: 'a broken line',
    lines: ['loom-warp', 'loom-shuttle=='],
    says: ['backend/requirements.txt:2'],
    uv: 'Unexpected end of version specifier',
  },
  {
    name: 'Latin-1',
    lines: ['loom-warp', '# für alle'],
    latin1: true,
    says: ["The requirements aren't UTF-8: backend/requirements.txt:2"],
  },
  {
    name: 'a condition that excludes this Python',
    lines: ['loom-warp', 'Django ; python_version >= "3.99"', 'channels ; python_version >= "3.99"'],
    says: [
      'Missing after everything was installed: django, channels',
      'backend/requirements.txt:2 asks for django only where python_version >= "3.99"',
    ],
  },
  {
    name: 'no network',
    lines: ['loom-warp'],
    env: {
      UV_NO_INDEX: '0',
      UV_FIND_LINKS: '',
      UV_INDEX_URL: 'http://127.0.0.1:9/simple',
      UV_HTTP_RETRIES: '0',
      UV_NO_CACHE: '1',
      PIP_NO_INDEX: '0',
      PIP_FIND_LINKS: '',
      PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
      PIP_RETRIES: '1',
      PIP_NO_CACHE_DIR: '1',
    },
    says: ["the package index can't be reached", 'None of it was installed', 'start --setup continues from here'],
  },
]

/** Has the row's project set up, and holds that what is to be said of it is said. Gives the project, which is to be removed. */
export async function refusedInstall(
  { lines, env = {}, latin1, says, retries, ...own }: InstallRow,
  tool: 'uv' | 'pip',
): Promise<FreshProject> {
  const project = await freshProject({ requirements: lines })
  if (latin1 !== undefined) await writeFile(join(project.backend, 'requirements.txt'), Buffer.from(lines.join('\n'), 'latin1'))
  const index = await ownIndex(join(project.root, '..', 'index'), [
    { name: 'loom-thread', version: '1.0', fails: 'Error: loom-config executable not found.' },
    { name: 'twisted-iocpsupport', version: '1.0.4', fails: "error: command 'gcc' failed" },
    { name: 'loom-warp', version: '2.0' },
    { name: 'loom-shuttle', version: '1.0', requires: ['loom-warp<2'] },
    { name: 'loom-beam', version: '2.0', requires: ['loom-warp<2'] },
    { name: 'loom-beam', version: '1.0', fails: 'Error: loom-config executable not found.' },
  ])
  const result = await runCli(['start', '--setup'], {
    cwd: project.root,
    env: { ...installerEnvironment(tool === 'uv'), ...index, ...env },
  })
  expect(result.status, result.stdout).toBe(1)
  const code = env['UV_INDEX_URL'] === undefined ? 'requirement-not-installable' : 'missing-dep'
  expect(result.stdout).toMatch(
    /Setup: a Python environment \d.* s, the packages of backend.requirements\.txt (?:\(failed\) )?\d.* s, \d.* s in all/,
  )
  if (retries !== undefined && tool === 'pip') expect(result.stdout).toContain(retries)
  for (const words of [...says, own[tool] ?? '', code]) expect(result.stderr.replaceAll(/\s+/g, ' ')).toContain(words)
  return project
}
