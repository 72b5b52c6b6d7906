import { join, posix } from 'node:path'
import { readMarkedText } from '../host/files.ts'
import { readBatch } from './old-scripts-batch.ts'
import { readCompose, type ComposeFacts } from './old-scripts-compose.ts'
import { readMakefile, readProcfile, readScripts } from './old-scripts-files.ts'
import { readPowershell } from './old-scripts-powershell.ts'
import { roleOf, type ScriptRole } from './old-scripts-roles.ts'
import { scopeIn, type Reading, type ScriptCommand, type ScriptLanguage } from './old-scripts-session.ts'
import { readShell } from './old-scripts-shell.ts'

export type ScriptKind = ScriptLanguage | 'procfile' | 'compose' | 'makefile' | 'manifest'

/** A command of a script, and what it is there for. */
export interface JudgedCommand extends ScriptCommand {
  readonly role: ScriptRole
}

/** A file that says how the project was started until now. */
export interface OldScript {
  /** Relative to the checkout, with forward slashes. */
  readonly file: string
  readonly kind: ScriptKind
  readonly commands: readonly JudgedCommand[]
  readonly compose: ComposeFacts
}

/** What is read, the one that counts most first: what was written to start all of it on this machine, then the rest. */
const known: readonly (readonly [string, ScriptKind])[] = [
  ...['start-services', 'start', '<backend>/start-server', 'stop-services'].flatMap((name): (readonly [string, ScriptKind])[] => [
    [`${name}.ps1`, 'powershell'],
    [`${name}.bat`, 'batch'],
    [`${name}.sh`, 'shell'],
  ]),
  ['Makefile', 'makefile'],
  ['package.json', 'manifest'],
  ['Procfile.dev', 'procfile'],
  ['Procfile', 'procfile'],
  ['compose.yaml', 'compose'],
  ['compose.yml', 'compose'],
  ['docker-compose.yaml', 'compose'],
  ['docker-compose.yml', 'compose'],
]

/**
 * Reads the scripts of a checkout that started it until now. `backends` are the
 * folders where a script of the backend's own may be, relative to it. Never
 * throws: a file that can't be read says nothing.
 */
export async function readOldScripts(root: string, backends: readonly string[]): Promise<OldScript[]> {
  const files = known.flatMap(([name, kind]): [string, ScriptKind][] =>
    name.startsWith('<backend>') ? backends.map((folder) => [posix.join(folder, name.slice('<backend>/'.length)), kind]) : [[name, kind]],
  )
  const unique = files.filter(([file], index) => files.findIndex(([other]) => other === file) === index)
  const texts = await Promise.all(unique.map(([file]) => readMarkedText(join(root, ...file.split('/')))))
  return unique.flatMap(([file, kind], index) => {
    const text = texts[index]
    return text === undefined ? [] : [readScript(file, kind, text)]
  })
}

/** Reads one script; pure. */
export function readScript(file: string, kind: ScriptKind, text: string): OldScript {
  const commands: ScriptCommand[] = []
  const reading: Reading = {
    file,
    commands,
    run: (language, source, line, scope) => {
      if (depth >= mostNested) return
      depth += 1
      languages[language](source, line, scope, reading)
      depth -= 1
    },
  }
  let depth = 0
  const compose = kind === 'compose' ? readCompose(text, reading) : { ports: [], redis: [], services: [] }
  if (kind === 'powershell' || kind === 'batch' || kind === 'shell') languages[kind](text, 1, scopeIn(posix.dirname(file)), reading)
  else if (kind !== 'compose') listings[kind](text, reading)
  return { file, kind, commands: commands.map((command) => ({ ...command, role: roleOf(command) })), compose }
}

/** As deep as consoles are opened within consoles, and no deeper. */
const mostNested = 8

/** Files that hold commands of sh, each under a name. */
const listings = { procfile: readProcfile, makefile: readMakefile, manifest: readScripts } as const

const languages = { powershell: readPowershell, batch: readBatch, shell: readShell } as const
