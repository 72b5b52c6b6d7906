/** The combinations of versions that `npm run test:matrix` runs: every pair of values that can be together is in one of them. */

/** The values of each axis. Redis 7 and newer, and Valkey, are whatever is the newest of theirs that can be had. */
export const axes = {
  python: ['3.9', '3.10', '3.11', '3.12', '3.13', '3.14'],
  django: ['4.2', '5.0', '5.1', '5.2', '6.0', '6.1'],
  channels: ['3', '4'],
  redisPy: ['5', '6', '7', '8'],
  redis: ['5.0', '7', '8', 'valkey'],
} as const

export type MatrixRow = { readonly [Axis in keyof typeof axes]: (typeof axes)[Axis][number] }

/** The Pythons that each Django supports (https://docs.djangoproject.com/en/stable/faq/install/). */
const pythonsOf: Readonly<Record<MatrixRow['django'], readonly MatrixRow['python'][]>> = {
  '4.2': ['3.9', '3.10', '3.11', '3.12'],
  '5.0': ['3.10', '3.11', '3.12'],
  '5.1': ['3.10', '3.11', '3.12', '3.13'],
  '5.2': ['3.10', '3.11', '3.12', '3.13', '3.14'],
  '6.0': ['3.12', '3.13', '3.14'],
  '6.1': ['3.12', '3.13', '3.14'],
}

/** Why a combination is none that its packages support; undefined where it is one. */
export function invalid({ python, django, channels, redisPy, redis }: MatrixRow): string | undefined {
  if (!pythonsOf[django].includes(python)) return `Django ${django} doesn't support Python ${python}`
  // its last release is 3.0.5 of June 2022 (https://pypi.org/project/channels/#history)
  if (channels === '3' && django !== '4.2') return `Channels 3 ended before Django ${django} was there`
  // its Requires-Python (https://pypi.org/project/redis/)
  if (redisPy === '8' && python === '3.9') return 'redis-py 8 needs Python 3.10'
  // it opens with HELLO, which came with Redis 6.0 (https://redis.io/docs/latest/commands/hello/)
  if (redisPy === '8' && redis === '5.0') return 'redis-py 8 asks for more than Redis 5 knows'
  return undefined
}

const row = (
  python: MatrixRow['python'],
  django: MatrixRow['django'],
  channels: MatrixRow['channels'],
  redisPy: MatrixRow['redisPy'],
  redis: MatrixRow['redis'],
): MatrixRow => ({ python, django, channels, redisPy, redis })

export const rows: readonly MatrixRow[] = [
  row('3.9', '4.2', '3', '5', '5.0'),
  row('3.9', '4.2', '3', '5', '8'),
  row('3.9', '4.2', '3', '6', 'valkey'),
  row('3.9', '4.2', '4', '7', '7'),
  row('3.10', '4.2', '3', '6', '8'),
  row('3.10', '5.0', '4', '5', 'valkey'),
  row('3.10', '5.0', '4', '6', '7'),
  row('3.10', '5.1', '4', '7', '5.0'),
  row('3.10', '5.1', '4', '8', '7'),
  row('3.10', '5.2', '4', '7', '7'),
  row('3.11', '4.2', '3', '8', '7'),
  row('3.11', '5.0', '4', '7', '5.0'),
  row('3.11', '5.1', '4', '6', 'valkey'),
  row('3.11', '5.2', '4', '5', '8'),
  row('3.12', '4.2', '3', '7', 'valkey'),
  row('3.12', '5.0', '4', '8', '8'),
  row('3.12', '5.1', '4', '5', '7'),
  row('3.12', '5.2', '4', '6', '5.0'),
  row('3.12', '6.0', '4', '7', '8'),
  row('3.12', '6.1', '4', '7', '5.0'),
  row('3.13', '5.1', '4', '7', '8'),
  row('3.13', '5.2', '4', '8', 'valkey'),
  row('3.13', '6.0', '4', '5', '5.0'),
  row('3.13', '6.0', '4', '6', '7'),
  row('3.13', '6.1', '4', '7', 'valkey'),
  row('3.13', '6.1', '4', '8', '7'),
  row('3.14', '5.2', '4', '7', '5.0'),
  row('3.14', '6.0', '4', '8', 'valkey'),
  row('3.14', '6.1', '4', '5', '8'),
  row('3.14', '6.1', '4', '6', '7'),
]

/** One that can't be, and that the packages let come about: what is said of it. */
export const tooOld: MatrixRow = row('3.12', '5.2', '4', '8', '5.0')
