import type { Host } from '../host/host.ts'
import type { ExportPlan, ExportTarget } from '../plan/export.ts'
import type { FileState } from '../run/export-write.ts'
import { renderSourceDiff } from './diff.ts'
import { styleFor } from './style.ts'

/** What became of a set-up. */
export interface ExportRun {
  readonly target: ExportTarget
  /** As the checkout has it. */
  readonly folder: string
  readonly plan: ExportPlan
  readonly states: readonly FileState[]
  /** `refused`: files would change, and nobody said yes. */
  readonly outcome: 'written' | 'dry-run' | 'unchanged' | 'refused'
}

const shownPath = (folder: string, path: string): string => (folder === '.' ? path : `${folder}/${path}`)

/** The changes of files that are there already, as unified diffs. */
export function exportDiff({ folder, states }: Pick<ExportRun, 'folder' | 'states'>): string[] {
  return states.flatMap((state) =>
    state.kind === 'changed' ? renderSourceDiff(shownPath(folder, state.path), state.before, state.after) : [],
  )
}

/** One JSON document; a secret shows as the path of its file. */
export function exportJson(run: ExportRun): unknown {
  return {
    schemaVersion: 1,
    command: 'export',
    ok: run.outcome !== 'refused',
    target: run.target,
    folder: run.folder,
    outcome: run.outcome,
    files: run.states.map(({ path, kind }) => ({ path: shownPath(run.folder, path), state: kind })),
    diff: exportDiff(run),
    notes: run.plan.notes,
    next: run.plan.next,
  }
}

const marks = { new: '+', changed: '~', same: '=', kept: '=' } as const
const words = { new: '', changed: '', same: 'as it is', kept: 'kept: it is yours' } as const

/** The same in words, lines without their ends. */
export function exportText(host: Pick<Host, 'terminal'>, run: ExportRun): string[] {
  const style = styleFor(host)
  const lines = run.states.map((state) => {
    const path = shownPath(run.folder, state.path)
    const mark = marks[state.kind]
    const shown = mark === '+' ? style.green(mark) : mark === '~' ? style.yellow(mark) : style.dim(mark)
    return `  ${shown} ${path}${words[state.kind] === '' ? '' : `   ${style.dim(words[state.kind])}`}`
  })
  const secrets = run.states.filter(({ kind, path }) => kind === 'new' && run.plan.secrets.includes(path))
  if (run.outcome === 'written' && secrets.length > 0)
    lines.push('', `  ${secrets.length} random ${secrets.length === 1 ? 'value' : 'values'} made, hidden from git and other users`)
  if (run.plan.notes.length > 0)
    lines.push('', ...run.plan.notes.map(({ id, text }) => `  ${style.yellow('!')} ${text}   ${style.dim(id)}`))
  lines.push('', ...endOf(run))
  if (run.outcome !== 'refused') lines.push('', ...run.plan.next.map((command) => `  ${style.cyan('$')} ${command}`))
  return ['', ...lines, '']
}

function endOf({ outcome }: ExportRun): string[] {
  switch (outcome) {
    case 'written':
      return ['  Written. Next:']
    case 'dry-run':
      return ['  Nothing is written: --dry-run. Without it, next:']
    case 'unchanged':
      return ['  Nothing to change. Next:']
    case 'refused':
      return ['  Nothing is written: existing files would change. --yes accepts the change above']
  }
}
