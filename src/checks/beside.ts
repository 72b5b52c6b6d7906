import type { Judged } from './diagnosis.ts'

/** What became of a WebSocket of the application that was proven beside the one that counts. */
export interface Beside {
  /** The path that was asked for; of a route for which none could be made, the route as it is written. */
  readonly path: string
  /** `not-proven`: nobody can know what its path wants, or it was not looked at; `why` says so. */
  readonly state: 'connected' | 'wants-token' | 'refused' | 'not-connected' | 'not-proven'
  readonly why?: string
  readonly diagnosis?: Judged
}

/** What keeps a WebSocket beside the first from working, each under its path. Pure. */
export function besideCauses(beside: readonly Beside[]): Judged[] {
  return beside.flatMap(({ path, state, diagnosis }) =>
    state !== 'not-connected' || diagnosis === undefined ? [] : [{ ...diagnosis, title: `At ${path}: ${diagnosis.title}` }],
  )
}
