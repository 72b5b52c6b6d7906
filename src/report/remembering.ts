import type { StartReport } from './start-report.ts'

/** The same report; `keep` gets whatever goes wrong, in a sentence. */
export function remembering(report: StartReport, keep: (error: string) => void): StartReport {
  return {
    ...report,
    warning: (id, text) => {
      keep(text)
      report.warning(id, text)
    },
    diagnosis: (diagnosis) => {
      keep(diagnosis.title)
      report.diagnosis(diagnosis)
    },
    error: (error) => {
      keep(error.message)
      report.error(error)
    },
    socket: (url, state) => {
      if (state.dot !== 'green') keep(state.diagnosis.title)
      report.socket(url, state)
    },
  }
}
