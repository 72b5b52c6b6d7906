import { randomUUID } from 'node:crypto'

/** The variable that all that a run starts bears, also what has left its parent, its group and its session, and lost its guard. */
export const markName = 'ELECTION_DEV_RUN'

/** The mark of what this process starts. */
export const ownMark: string = randomUUID()
