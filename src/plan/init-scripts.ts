import { posix } from 'node:path'
import type { OldScript } from '../facts/old-scripts.ts'
import type { FilesDecision } from './init-files.ts'
import type { InitNote } from './init-sources.ts'

/** What stands for an old script, by its name. */
const verbs: ReadonlyMap<string, string> = new Map([
  ['start-services', 'start'],
  ['start', 'start'],
  ['start-server', 'start --only backend'],
  ['stop-services', 'stop'],
])

/**
 * A script that calls us, at the checkout that lies `up` from its folder, and hands over words and exit status.
 * `%~dp0` ends with a backslash, which would take the quote behind it for its own.
 */
const calls: Readonly<Partial<Record<OldScript['kind'], (verb: string, up: string) => string>>> = {
  powershell: (verb, up) => `npx election-dev ${verb} --cwd "$PSScriptRoot/${up}" @args; exit $LASTEXITCODE\r\n`,
  batch: (verb, up) => `@npx election-dev ${verb} --cwd "%~dp0${up}" %*\r\n`,
  shell: (verb, up) => `#!/bin/sh\nexec npx election-dev ${verb} --cwd "$(dirname "$0")/${up}" "$@"\n`,
}

/**
 * The scripts that started and stopped the project, each as one call of ours; `texts`: what is in them, undefined where
 * that is no UTF-8. What such a script did and we don't do is told with its place. Pure.
 */
export function replacedScripts(scripts: readonly OldScript[], texts: ReadonlyMap<string, string | undefined>): FilesDecision {
  const parts = scripts.map((script): FilesDecision => {
    const { dir, name } = posix.parse(script.file)
    const [verb, call] = [verbs.get(name), calls[script.kind]]
    if (verb === undefined || call === undefined) return { changes: [], notes: [] }
    const before = texts.get(script.file)
    if (before === undefined) return { changes: [], notes: [{ text: `${script.file} isn't UTF-8, and is left as it is` }] }
    const after = call(verb, posix.relative(dir, '') || '.')
    if (before === after) return { changes: [], notes: [] }
    return { changes: [{ file: script.file, before, after, language: 'text' }], notes: lost(script) }
  })
  return { changes: parts.flatMap(({ changes }) => changes), notes: parts.flatMap(({ notes }) => notes) }
}

/** Words that speak to whoever reads, wait, or end the shell. */
const ofShell =
  /^(?:write-(?:host|output|warning|error)|read-host|start-sleep|get-process|echo|printf|sleep|timeout|pause|read|exit|title|cls|clear|clear-host|chcp|trap|wait|true|:)$/i

const bySetup = /\b(?:pip\d?|uv|poetry|pdm|pipenv|npm|pnpm|yarn)\b.* (?:install|sync|ci)\b|\bmanage\.py migrate\b|-m venv\b/

/** Commands of a script that no run of ours stands for. */
function lost({ commands }: OldScript): readonly InitNote[] {
  return commands
    .filter(({ role, argv }) => role.kind === 'other' && !ofShell.test(argv[0] ?? ''))
    .map(({ argv, place }) =>
      bySetup.test(argv.join(' '))
        ? { text: `${argv.join(' ')} is what start --setup does, where it is wanted`, place }
        : { text: `Nothing does ${argv.join(' ')} any more`, place, hint: 'A service of the configuration can.' },
    )
}
