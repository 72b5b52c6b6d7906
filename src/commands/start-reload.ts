import { dirname, join } from 'node:path'
import { syntaxProblems } from '../facts/python-syntax.ts'
import { changesDecisions, changeWords, type ReloadScope } from '../plan/reload.ts'
import { watchSources } from '../run/source-watch.ts'
import type { Backend } from './start-backend.ts'
import type { Prepared } from './start-prepare.ts'
import { shown } from '../facts/project.ts'

/** Restarts backends when their sources change, until `prepared.signal` is aborted. `all`: those that there are by then, the first one first. */
export function reload(prepared: Prepared, all: () => readonly Backend[]): void {
  const { report, environment, checkout, signal } = prepared
  const scope = scopeOf(prepared)
  /** What was saved and couldn't be compiled: nothing is started before all of it can. */
  const broken = new Set<string>()
  /** Saved since the last restart; a refused save waits here for the one that fixes it. */
  const pending = new Set<string>()
  let working = false
  let dirty = false

  const work = async () => {
    if (working) return
    working = true
    while (dirty && !signal.aborted) {
      dirty = false
      const files = [...pending]
      const problems = await syntaxProblems(environment.python, [...new Set([...files, ...broken])])
      // what was saved while the compiler looked is looked at, too
      if (dirty || signal.aborted) continue
      broken.clear()
      for (const { file } of problems) broken.add(file)
      const [first] = problems
      if (first !== undefined) {
        const [backend] = all()
        const since = backend?.since
        report({
          event: 'reload-refused',
          file: shown(checkout.project, first.file),
          line: first.line,
          message: first.message,
          since: backend?.up === undefined || since === undefined ? undefined : since.toTimeString().slice(0, 8),
        })
        continue
      }
      pending.clear()
      const prepareAnew = changesDecisions(scope, files)
      for (const backend of all()) void backend.again(changeWords(scope, files), { prepareAnew })
    }
    working = false
  }

  watchSources(
    scope,
    {
      onReady: () => report({ event: 'note', text: `watching ${shown(checkout.project, scope.backend)} for changes` }),
      onChange: (files) => {
        for (const file of files) pending.add(file)
        dirty = true
        void work()
      },
      onProblem: (message) => report({ event: 'warning', id: 'reload-unsure', text: message }),
    },
    signal,
  )
}

function scopeOf({ checkout, environment, application }: Prepared): ReloadScope {
  const { project } = checkout
  const [module = ''] = application.split(':')
  return {
    backend: project.backend,
    excluded: [dirname(dirname(environment.python))],
    dotenv: project.dotenv,
    settings: [...project.settingsFiles, join(project.backend, ...module.split('.').slice(0, -1), `${module.split('.').at(-1) ?? ''}.py`)],
  }
}
