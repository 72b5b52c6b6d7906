/** An end before the launch that has a cause is told as a diagnosis. */
import { diagnosisOf } from '../../src/causes/causes.ts'
import { expect, test } from 'vitest'
import { LauncherError } from '../../src/errors.ts'

test('an error that names a cause is a diagnosis, with its commands', () => {
  const commands = [['election-dev', 'start', '--port', '8001']]
  const error = new LauncherError('port-in-use', 'Port 8000 is held', { hint: 'Take another port.', commands })
  expect(diagnosisOf(error)).toMatchObject({
    id: 'port-in-use',
    evidence: ['Port 8000 is held'],
    remedy: { text: 'Take another port.', commands },
  })
})

test('usage is none', () => {
  expect(diagnosisOf(new LauncherError('usage', 'No such flag'))).toBeUndefined()
})
