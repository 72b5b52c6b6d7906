import { describe, expect, test } from 'vitest'
import { interpreterIn, isWithin, joined, pathFrom } from '../../src/host/paths.ts'

const windows = String.raw`C:\Users\Ada\election`

describe('paths of the machine that is judged', () => {
  test.each([
    ['/home/ada/election', '/home/ada/election/backend/venv', true, 'backend/venv'],
    ['/home/ada/election', '/home/ada/election-old/backend', false, '/home/ada/election-old/backend'],
    ['/home/ada/election', '/home/ada/election', true, '/home/ada/election'],
    ['/home/ada/election', '/usr/bin/python3', false, '/usr/bin/python3'],
    [windows, String.raw`C:\Users\Ada\election\backend\venv`, true, String.raw`backend\venv`],
    [windows, String.raw`c:\users\ada\election\backend`, true, 'backend'],
    [windows, String.raw`C:\Users\Ada\election-old\backend`, false, String.raw`C:\Users\Ada\election-old\backend`],
    [windows, String.raw`D:\election\backend`, false, String.raw`D:\election\backend`],
  ])('%s, %s', (folder, path, within, shown) => {
    expect(isWithin(folder, path)).toBe(within)
    expect(pathFrom(folder, path)).toBe(shown)
  })

  test('a venv has its interpreter where the system puts it', () => {
    expect(interpreterIn('/home/ada', 'backend/venv')).toBe('backend/venv/bin/python')
    expect(interpreterIn(windows, String.raw`backend\venv`)).toBe(String.raw`backend\venv\Scripts\python.exe`)
    expect(joined(windows, 'backend', 'manage.py')).toBe(String.raw`C:\Users\Ada\election\backend\manage.py`)
  })
})
