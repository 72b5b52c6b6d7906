/** 840 endings of programs that leave their parent, their group and their session in every way: nothing is left. */
import { describe, test } from 'vitest'
import { endFork, endings, forks } from '../support/forks.ts'

/** Of each kind so many, some at once. */
const rounds = 3
const atOnce = 7

describe.skipIf(process.platform !== 'linux').each([...forks.keys()])('%s', (fork) => {
  test.for(endings)('%s', { timeout: 120_000 }, async (ending, context) => {
    for (let round = 0; round < rounds; round++) await Promise.all(Array.from({ length: atOnce }, () => endFork(context, fork, ending)))
  })
})
