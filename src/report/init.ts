import type { LayerBlock } from '../fix/planners/layer-block.ts'
import type { Host } from '../host/host.ts'
import type { FileChange } from '../plan/init-files.ts'
import { placeText, type InitDecision, type InitNote, type Taken } from '../plan/init-sources.ts'
import { renderSourceDiff } from './diff.ts'
import { styleFor, type Style } from './style.ts'

/** One run of `init`. */
export interface InitRun extends InitDecision {
  /** Old scripts that were read. */
  readonly read: readonly string[]
  readonly changes: readonly FileChange[]
  /** Undefined where it wasn't asked for. */
  readonly settings: LayerBlock | undefined
  readonly written: boolean
  /** Where the files are kept as they were. */
  readonly backup: string | undefined
}

/** The diff of all files, a line each. */
function initDiff(changes: readonly FileChange[]): string[] {
  return changes.flatMap(({ file, before, after }) => {
    const lines = renderSourceDiff(file, before, after)
    // what differs in nothing but its line ends or the last one shows no lines
    return lines.length > 0 ? lines : [`--- ${file}`, `+++ ${file}`]
  })
}

/** What was found and what would be written, before anything is. */
export function initText(host: Pick<Host, 'terminal'>, run: InitRun): string[] {
  const style = styleFor(host)
  const lines = ['']
  if (run.read.length > 0) lines.push(`  ${style.bold('Read')}   ${run.read.join(', ')}`, '')
  for (const each of run.taken) lines.push(...takenText(each, style))
  if (run.taken.length > 0) lines.push('')
  for (const warning of run.warnings) lines.push(...noteText(style.yellow('!'), warning, style))
  for (const note of run.notes) lines.push(...noteText('·', note, style))
  if (run.warnings.length + run.notes.length > 0) lines.push('')
  if (run.settings !== undefined) lines.push(...settingsText(run.settings, style))
  for (const line of initDiff(run.changes))
    lines.push(`  ${line.startsWith('+') ? style.green(line) : line.startsWith('-') ? style.red(line) : line}`)
  if (run.changes.length === 0) lines.push('  Nothing to change')
  return [...lines, '']
}

/** What became of it. */
export function initEnd(run: InitRun, asked: boolean): string[] {
  if (run.changes.length === 0) return []
  if (!run.written) return [asked ? '  Nothing was written.' : '  Nothing is written yet: --yes does it.', '']
  const kept = run.backup === undefined ? [] : [`  As it was: ${run.backup}   (election-dev doctor --undo puts it back)`]
  return [`  Written: ${run.changes.map(({ file }) => file).join(', ')}`, ...kept, '  Next: election-dev start', '']
}

function takenText({ key, value, places, others, written, note }: Taken, style: Style): string[] {
  const from = style.dim(places.map((place) => placeText(place)).join(', '))
  const lines = [`  ${style.bold(key)}   ${value}   ${from}${written ? '' : style.dim('   start does so by itself')}`]
  for (const other of others) lines.push(`    ${style.yellow('not')} ${other.value}   ${style.dim(placeText(other.place))}`)
  if (note !== undefined) lines.push(`    ${style.yellow('!')} ${note}`)
  return lines
}

function noteText(mark: string, { text, place, hint }: InitNote, style: Style): string[] {
  return [
    `  ${mark} ${place === undefined ? '' : `${placeText(place)}   `}${text}`,
    ...(hint === undefined ? [] : [`    ${style.dim(hint)}`]),
  ]
}

function settingsText(settings: LayerBlock, style: Style): string[] {
  switch (settings.kind) {
    case 'there':
      return ['  A variable already chooses the channel layer in the settings.', '']
    case 'edit':
      return []
    case 'refused':
      return [
        `  ${style.yellow('!')} ${settings.file}${settings.line === undefined ? '' : `:${settings.line}`}   ${settings.why}: it is left as it is. In its place:`,
        '',
        ...settings.block.map((line) => (line === '' ? '' : `    ${line}`)),
        '',
      ]
  }
}

/** The run as one JSON document. */
export function initJson(run: InitRun, ok: boolean): Readonly<Record<string, unknown>> {
  const { settings } = run
  return {
    schemaVersion: 1,
    command: 'init',
    ok,
    written: run.written,
    backup: run.backup ?? null,
    read: run.read,
    config: run.config,
    taken: run.taken.map(({ key, value, places, others, written, note }) => ({ key, value, places, others, written, note: note ?? null })),
    warnings: run.warnings.map((each) => noteJson(each)),
    notes: run.notes.map((each) => noteJson(each)),
    settings:
      settings === undefined
        ? null
        : settings.kind === 'refused'
          ? { kind: settings.kind, why: settings.why, file: settings.file, line: settings.line ?? null, block: settings.block }
          : { kind: settings.kind },
    files: run.changes.map((change) => ({
      file: change.file,
      change: change.before === undefined ? 'create' : 'edit',
      diff: initDiff([change]),
    })),
  }
}

function noteJson({ text, place, hint }: InitNote): Readonly<Record<string, unknown>> {
  return { text, place: place ?? null, hint: hint ?? null }
}
