import type { StartReport } from './start-report.ts'

const nothing = () => {}

/** A report that says nothing: what a composition of `start` builds its own from. */
export const silentReport: StartReport = {
  phase: nothing,
  note: nothing,
  warning: nothing,
  line: nothing,
  setupLine: nothing,
  setupList: nothing,
  setupStep: nothing,
  setupUser: nothing,
  ready: nothing,
  service: nothing,
  frontend: nothing,
  restarting: nothing,
  restarted: nothing,
  refusedReload: nothing,
  openSockets: nothing,
  socket: nothing,
  diagnosis: nothing,
  error: nothing,
  stopping: nothing,
  end: nothing,
}
