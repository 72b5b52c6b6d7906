import { statSync } from 'node:fs'
import { join } from 'node:path'
import { watch } from 'chokidar'
import { errorCode, errorMessage } from '../errors.ts'
import { isPassedOver, isSource, type ReloadScope } from '../plan/reload.ts'

/** A change is told once nothing has followed it for so long, in milliseconds: an editor writes in several steps, `git checkout` many files. */
const quietMs = 80
/** And no later than this after its first file. */
const longestMs = 1000

/** How often a folder that was taken away is looked for, in milliseconds. */
const lookEveryMs = 500

/** What is told of the sources. */
export interface SourceEvents {
  /** The watcher looks from now on. */
  readonly onReady: () => void
  /** Files that were written, added or removed; each once. */
  readonly onChange: (files: readonly string[]) => void
  /** Nothing is watched any more, or not all of it. */
  readonly onProblem: (message: string) => void
}

/** Watches the backend's sources until `signal` is aborted. Never throws. */
export function watchSources(scope: ReloadScope, events: SourceEvents, signal: AbortSignal): void {
  const changed = new Set<string>()
  let firstAt = 0
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    timer = undefined
    const files = [...changed].toSorted()
    changed.clear()
    if (files.length > 0 && !signal.aborted) events.onChange(files)
  }
  const note = (file: string) => {
    if (!isSource(scope, file)) return
    const now = performance.now()
    if (changed.size === 0) firstAt = now
    changed.add(file)
    clearTimeout(timer)
    timer = setTimeout(flush, Math.max(0, Math.min(quietMs, firstAt + longestMs - now)))
  }
  const watcher = watch([scope.backend, scope.dotenv], {
    ignoreInitial: true,
    persistent: true,
    atomic: false,
    ignored: (path, stats) => {
      const seen = stats ?? statSync(path, { throwIfNoEntry: false })
      return seen?.isDirectory() === true ? isPassedOver(scope, path) : seen?.isFile() === true && !isSource(scope, path)
    },
  })
  watcher.on('ready', events.onReady)
  watcher.on('add', note)
  watcher.on('change', note)
  watcher.on('unlink', note)
  // a branch without it was checked out: its watch has ended with it
  let back: NodeJS.Timeout | undefined
  watcher.on('unlinkDir', (folder) => {
    if (folder !== scope.backend || back !== undefined) return
    back = setInterval(() => {
      if (statSync(scope.backend, { throwIfNoEntry: false }) === undefined) return
      clearInterval(back)
      back = undefined
      watcher.add(scope.backend)
      note(join(scope.backend, 'manage.py'))
    }, lookEveryMs)
  })
  watcher.on('error', (error) => {
    events.onProblem(
      errorCode(error) === 'ENOSPC'
        ? 'This machine watches no more files (fs.inotify.max_user_watches): what changes below the rest is not seen'
        : errorMessage(error),
    )
  })
  signal.addEventListener(
    'abort',
    () => {
      clearTimeout(timer)
      clearInterval(back)
      void watcher.close()
    },
    { once: true },
  )
}
