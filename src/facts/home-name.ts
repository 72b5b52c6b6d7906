/** The folder of a checkout that holds what the launcher keeps. */
export const homeName = '.election-dev'
