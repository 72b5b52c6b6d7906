/** The completion scripts in the shells themselves, as a person's Tab asks for them. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bin, runCli } from '../support/cli.ts'
import { aptInstall, onPath } from '../support/tools.ts'

const run = promisify(execFile)

let folder: string
/** The environment of a shell that finds the command. */
const env = (): NodeJS.ProcessEnv => ({ ...process.env, HOME: folder, TERM: 'xterm', PATH: `${folder}/bin:${process.env['PATH'] ?? ''}` })
const file = (shell: string): string => join(folder, `completion.${shell}`)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'completion-'))
  await mkdir(join(folder, 'a folder', 'below'), { recursive: true })
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'bin', 'election-dev'), `#!/bin/sh\nexec '${process.execPath}' '${bin}' "$@"\n`, { mode: 0o755 })
  await writeFile(join(folder, 'a file'), '')
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    const { status, stdout } = await runCli(['completion', shell], { cwd: folder })
    expect(status).toBe(0)
    await writeFile(file(shell), stdout)
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What is typed, and what has to be offered, `exactly` or among others; `never`: what must not be. */
const cases: readonly { words: readonly string[]; exactly?: readonly string[]; among?: readonly string[]; never?: readonly string[] }[] = [
  { words: ['expo'], exactly: ['export'] },
  { words: [''], among: ['start', 'verify', 'doctor', 'env', 'demo', 'export', 'completion'], never: ['--port'] },
  { words: ['export', ''], exactly: ['compose', 'kubernetes', 'procfile'] },
  { words: ['export', 'compose', '--proxy', ''], exactly: ['caddy', 'nginx', 'traefik'] },
  { words: ['export', '--proxy', 'caddy', 'k'], exactly: ['kubernetes'] },
  { words: ['start', '--strict-'], exactly: ['--strict-port'] },
  { words: ['start', '--server', 'h'], exactly: ['hypercorn'] },
  { words: ['completion', 'f'], exactly: ['fish'] },
  { words: ['verify', '--port', ''], exactly: [] },
]

const table = (offered: (words: readonly string[]) => Promise<string[]>) =>
  it.each(cases)('$words', async ({ words, exactly, among = [], never = [] }) => {
    const found = [...new Set(await offered(words))].toSorted()
    if (exactly !== undefined) expect(found).toEqual(exactly)
    for (const word of among) expect(found).toContain(word)
    for (const word of never) expect(found).not.toContain(word)
  })

const offered = async (words: readonly string[]): Promise<string[]> => {
  const script = `source ${file('bash')}; shift 0; COMP_WORDS=(election-dev "$@"); COMP_CWORD=$#; _election_dev; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['--norc', '-c', script, 'bash', ...words], { cwd: folder, env: env() })
  return linesOf(stdout)
}

describe('bash', () => {
  table(offered)

  it('takes the value behind an =, which bash gives as a word of its own', async () => {
    expect(await offered(['export', 'compose', '--proxy', '=', 'n'])).toEqual(['nginx'])
    expect(await offered(['export', '--proxy', '=', 'nginx', 'p'])).toEqual(['procfile'])
  })

  it('offers files where a file is wanted, and folders where a folder is, with their blanks', async () => {
    expect(await offered(['start', '--env-file', 'a f'])).toEqual(['a file', 'a folder'])
    expect(await offered(['start', '--backend', 'a f'])).toEqual(['a folder'])
  })

  it('registers for the command', async () => {
    const { stdout } = await run('bash', ['--norc', '-c', `source ${file('bash')}; complete -p election-dev`])
    expect(stdout.trim()).toBe('complete -F _election_dev election-dev')
  })
})

const fish = (await onPath('fish')) ?? (await aptInstall('fish', 'fish'))

describe.skipIf(fish === undefined)('fish', () => {
  table(async (words) => {
    const quoted = words.map((word) => word.replaceAll(' ', String.raw`\ `)).join(' ')
    const script = `source ${file('fish')}; complete -C 'election-dev ${quoted}'`
    const { stdout } = await run(fish ?? 'fish', ['--no-config', '-c', script], { cwd: folder, env: env() })
    return linesOf(stdout).map((line) => line.split('\t')[0] ?? '')
  })
})

const zsh = (await onPath('zsh')) ?? (await aptInstall('zsh', 'zsh'))

describe.skipIf(zsh === undefined)('zsh', () => {
  table((words) => zshOffers(words))
})

/** Types into a zsh of its own terminal (zsh/zpty) and asks for the list of what fits. */
async function zshOffers(words: readonly string[]): Promise<string[]> {
  const inner = join(folder, 'inner.zsh')
  const found = join(folder, 'offered')
  await rm(found, { force: true })
  await writeFile(
    inner,
    `autoload -Uz compinit; compinit -u -d ${join(folder, 'zcompdump')}
source ${file('zsh')}
compadd() {
  local -a found
  builtin compadd -O found "$@"
  (( $#found )) && print -rl -- $found >> ${found}
  builtin compadd "$@"
}
list-choices-and-end() { zle complete-word; print done >> ${found}.end; }
zle -C complete-word complete-word _main_complete
zle -N list-choices-and-end
bindkey '^I' list-choices-and-end
PS1=ready
`,
  )
  const outer = `zmodload zsh/zpty
zpty -b inner ${zsh ?? 'zsh'} -f -i
zpty -w inner 'source ${inner}'
zpty -r inner line '*ready*'
zpty -n -w inner $'election-dev ${words.join(' ')}\\t'
integer left=500
while [[ ! -e ${found}.end && left -gt 0 ]]; do left=left-1; zpty -r -t inner line; sleep 0.01; done
zpty -d inner
`
  await rm(`${found}.end`, { force: true })
  await run(zsh ?? 'zsh', ['-f', '-c', outer], { cwd: folder, env: env() })
  return linesOf(await readFile(found, 'utf8').catch(() => ''))
}

/** There is no PowerShell in any registry of ours: its script is read, and what it asks is asked. */
describe('powershell', () => {
  table(async (words) => {
    const { stdout } = await runCli(['completion', 'powershell', '--', ...words.slice(0, -1), `:${words.at(-1) ?? ''}`], { cwd: folder })
    return linesOf(stdout).map((line) => line.split('\t')[0] ?? '')
  })

  it('has its quotes and braces closed', async () => {
    const text = await readFile(file('powershell'), 'utf8')
    const code = text.replace(/^#.*$/gm, '').replace(/'(?:[^']|'')*'/g, "''")
    expect(code).not.toMatch(/[^']'[^']*$/)
    for (const [open, close] of ['{}', '()', '[]'].map((pair) => [...pair]))
      expect(code.split(open ?? '').length, open).toBe(code.split(close ?? '').length)
  })
})

it('offers every option with its description, as the help does, and the value behind an =', async () => {
  const help = await runCli(['start', '--help'], { cwd: folder })
  const options = [...help.stdout.matchAll(/^\s+(?:-\w, )?(--[\w-]+)/gm)].map(([, name]) => name ?? '')
  expect(options.length).toBeGreaterThan(40)
  const { stdout } = await runCli(['completion', 'zsh', '--', 'start', ':--'], { cwd: folder })
  expect(linesOf(stdout).map((line) => line.split('\t')[0])).toEqual(expect.arrayContaining(options))
  expect(stdout).toContain('--strict-port\tfail if the port is in use\n')
  expect(await runCli(['completion', 'fish', '--', 'export', ':--proxy=n'], { cwd: folder })).toMatchObject({ stdout: '--proxy=nginx\n' })
})

it('refuses a shell that it does not know', async () => {
  expect(await runCli(['completion', 'tcsh'], { cwd: folder })).toMatchObject({ status: 2 })
})

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
