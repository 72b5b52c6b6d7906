/** How a launcher that was started in the background is told so, by the one that starts it. Taken out of its environment at once. */
export const orderVariable = 'ELECTION_DEV_BACKGROUND'

/** Whether this launcher was started in the background: its order is to be taken. */
export const isInBackground = (): boolean => process.env[orderVariable] !== undefined
