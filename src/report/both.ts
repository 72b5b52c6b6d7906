import type { StartReport } from './start-report.ts'

/** A report that says everything twice: to the first, then to the second. */
export function both(first: StartReport, second: StartReport): StartReport {
  return {
    phase: (text) => {
      first.phase(text)
      second.phase(text)
    },
    note: (text) => {
      first.note(text)
      second.note(text)
    },
    warning: (id, text) => {
      first.warning(id, text)
      second.warning(id, text)
    },
    line: (service, line) => {
      first.line(service, line)
      second.line(service, line)
    },
    setupLine: (line) => {
      first.setupLine(line)
      second.setupLine(line)
    },
    setupList: (steps) => {
      first.setupList(steps)
      second.setupList(steps)
    },
    setupStep: (step) => {
      first.setupStep(step)
      second.setupStep(step)
    },
    setupUser: (user) => {
      first.setupUser(user)
      second.setupUser(user)
    },
    ready: (summary) => {
      first.ready(summary)
      second.ready(summary)
    },
    service: (status) => {
      first.service(status)
      second.service(status)
    },
    frontend: (summary) => {
      first.frontend(summary)
      second.frontend(summary)
    },
    restarting: (why) => {
      first.restarting(why)
      second.restarting(why)
    },
    restarted: (outcome) => {
      first.restarted(outcome)
      second.restarted(outcome)
    },
    refusedReload: (problem) => {
      first.refusedReload(problem)
      second.refusedReload(problem)
    },
    openSockets: (count) => {
      first.openSockets(count)
      second.openSockets(count)
    },
    socket: (url, state) => {
      first.socket(url, state)
      second.socket(url, state)
    },
    diagnosis: (diagnosis) => {
      first.diagnosis(diagnosis)
      second.diagnosis(diagnosis)
    },
    error: (error) => {
      first.error(error)
      second.error(error)
    },
    stopping: (reason) => {
      first.stopping(reason)
      second.stopping(reason)
    },
    end: (exitCode) => {
      first.end(exitCode)
      second.end(exitCode)
    },
  }
}
