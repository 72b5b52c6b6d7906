import { expect, test } from 'vitest'
import { judgeInstall, judgeLeftOut, type InstallFacts } from '../../src/fix/install-judgement.ts'
import { installFailure } from '../../src/facts/installer-output.ts'
import type { RequirementLine } from '../../src/facts/requirement-lines.ts'

const file = '/srv/vote/requirements.txt'
const asked = (spec: string, line: number): RequirementLine => ({
  name: /^[\w-]+/.exec(spec)?.[0].toLowerCase() ?? '',
  spec,
  marker: /; (.*)/.exec(spec)?.[1],
  file,
  line,
})

/** What installers wrote, each as it came. */
const pipBacktracks = `Collecting celery[redis] (from -r requirements.txt (line 1))
INFO: pip is looking at multiple versions of celery[redis] to determine which version is compatible with other requirements. This could take a while.
Collecting kombu<4.0,>=3.0.37
  error: subprocess-exited-with-error

  × python setup.py egg_info did not run successfully.
  ╰─> [1 lines of output]
      error in kombu setup command: use_2to3 is invalid.
      [end of output]
error: metadata-generation-failed`
const pipBuild = `Collecting psycopg2==2.9.9 (from -r requirements.txt (line 2))
  Getting requirements to build wheel: started
  Getting requirements to build wheel: finished with status 'error'
  error: subprocess-exited-with-error
  
  × Getting requirements to build wheel did not run successfully.
  │ exit code: 1
  ╰─> [3 lines of output]
      running egg_info
      Error: pg_config executable not found.
      Please add the directory containing pg_config to the $PATH
      [end of output]
  
  note: This error originates from a subprocess, and is likely not a problem with pip.
error: subprocess-exited-with-error`
const pipWheel = `Collecting channels==4 (from -r requirements.txt (line 1))
Building wheels for collected packages: nowheel
  error: subprocess-exited-with-error
  ╰─> [2 lines of output]
      building 'nowheel' extension
      cc1: fatal error: missing.c: No such file or directory
      [end of output]
  ERROR: Failed building wheel for nowheel
Failed to build nowheel
error: failed-wheel-build-for-install

× Failed to build installable wheels for some pyproject.toml based projects
╰─> nowheel`
const uvBuild = `Resolved 1 package in 2.05s
error: Failed to build \`nowheel==1.0\`
  cause: The build backend returned an error
  cause: Call to \`setuptools.build_meta:__legacy__.build_wheel\` failed (exit status: 1)

         [stdout]
         building 'nowheel' extension

         [stderr]
         cc1: fatal error: missing.c: No such file or directory

hint: Build failures usually indicate a problem with the package or the build environment`
const pipPython = `ERROR: Ignored the following versions that require a different python version: 6.0 Requires-Python >=3.12; 6.0.1 Requires-Python >=3.12
ERROR: Could not find a version that satisfies the requirement Django==6.0 (from versions: 1.1.3, 5.2.19)
ERROR: No matching distribution found for Django==6.0`
const uvPython = `error: No solution found when resolving dependencies
  cause: Because the current Python version (3.11.7) does not satisfy Python>=3.12 and django==6.0 depends on Python>=3.12, we can conclude that django==6.0 cannot be used.
         And because you require django==6.0, we can conclude that your requirements are unsatisfiable.`
const pipConflict = `ERROR: Cannot install -r requirements.txt (line 1) and Django==1.11 because these package versions have conflicting dependencies.

The conflict is caused by:
    The user requested Django==1.11
    channels 4.3.2 depends on Django>=4.2

To fix this you could try to:
1. loosen the range of package versions you've specified

ERROR: ResolutionImpossible: for help visit https://pip.pypa.io/en/latest/topics/dependency-resolution/`
const uvConflict = `error: No solution found when resolving dependencies
  cause: Because channels>=4.3.2 depends on django>=4.2 and you require channels==4.3.2, we can conclude that you require django>=4.2.
         And because you require django==1.11, we can conclude that your requirements are unsatisfiable.`
const pipOffline = `WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError("Failed to establish a new connection: [Errno 111] Connection refused")': /simple/wheel/
ERROR: Could not find a version that satisfies the requirement wheel==0.45.1 (from versions: none)
ERROR: No matching distribution found for wheel==0.45.1`
const uvOffline = `error: Request failed after 3 retries in 11.4s
  cause: Failed to fetch: http://127.0.0.1:9/simple/wheel/
  cause: tcp connect error
  cause: Connection refused (os error 111)`

test.each([
  ['pip, at the metadata', pipBuild, 'build', 'psycopg2==2.9.9', 'Error: pg_config executable not found.'],
  ['pip, at the wheel', pipWheel, 'build', 'nowheel', 'cc1: fatal error: missing.c'],
  ['pip 26, at the metadata', "ERROR: Failed to build 'breaks' when getting requirements to build wheel", 'build', 'breaks', ''],
  ['uv, at the wheel', uvBuild, 'build', 'nowheel==1.0', 'cc1: fatal error: missing.c'],
  ['pip, for a newer Python', pipPython, 'python', 'Django==6.0', 'No matching distribution'],
  ['uv, for a newer Python', uvPython, 'python', 'django==6.0', 'does not satisfy Python>=3.12'],
  ['pip, two that exclude each other', pipConflict, 'conflict', 'Django==1.11', 'channels 4.3.2 depends on Django>=4.2'],
  ['uv, two that exclude each other', uvConflict, 'conflict', 'django==1.11', 'channels>=4.3.2 depends on django>=4.2'],
  ['pip, without a network', pipOffline, 'network', undefined, 'Connection refused'],
  ['uv, without a network', uvOffline, 'network', undefined, 'Connection refused'],
  ['pip, of no index', 'ERROR: No matching distribution found for nowhere==1', 'not-found', 'nowhere==1', 'No matching'],
  [
    'uv, of no index',
    'error: No solution found when resolving dependencies\n  cause: Because nowhere was not found in the package registry and you require nowhere==1, we can conclude that …',
    'not-found',
    'nowhere',
    'was not found',
  ],
  [
    'pip, a line',
    "ERROR: Invalid requirement: 'Django==': Expected end\n    Django==\n          ^ (from line 3 of requirements.txt)",
    'invalid',
    'Django==',
    '',
  ],
  [
    'uv, a line',
    "error: Couldn't parse requirement in `requirements.txt` at position 7\n  cause: Unexpected end of version specifier",
    'invalid',
    undefined,
    'position 7',
  ],
  [
    'pip, not UTF-8',
    "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xe9 in position 5: invalid continuation byte",
    'encoding',
    undefined,
    '',
  ],
  ['uv, not UTF-8', 'error: failed to decode file `requirements.txt`: stream did not contain valid UTF-8', 'encoding', undefined, ''],
])('%s', (_, text, kind, named, words) => {
  const failure = installFailure(text.split('\n'))
  expect([failure?.kind, failure?.named]).toEqual([kind, named])
  expect(failure?.words.join('\n')).toContain(words)
})

test('what says nothing of a requirement is no cause', () => {
  expect(installFailure(['Killed'])).toBeUndefined()
})

function told(text: string, lines: readonly RequirementLine[], more: Partial<InstallFacts> = {}) {
  const failure = installFailure(text.split('\n'))
  if (failure === undefined) return undefined
  const facts = {
    asked: lines,
    lines: text.split('\n'),
    python: '3.11.7',
    platform: 'linux' as const,
    broken: undefined,
    isWhole: true,
    ...more,
  }
  return judgeInstall(failure, { ...facts, shown: (path) => path.replace('/srv/vote/', '') })
}

test('it names the line, in the words of the installer, and that nothing was installed', () => {
  expect(told(pipBuild, [asked('Django', 1), asked('psycopg2==2.9.9', 2)])).toMatchObject({
    code: 'requirement-not-installable',
    message: "psycopg2==2.9.9 can't be built here",
    evidence: [
      'requirements.txt:2: psycopg2==2.9.9',
      'The installer: Error: pg_config executable not found.',
      'None of it was installed; what was made before stays',
    ],
  })
  expect(told(pipPython, [asked('Django==6.0', 1)])?.message).toBe('Django==6.0 is not for Python 3.11.7: it asks for Python >=3.12')
  // one that comes by another
  const chain = `  Collecting cffi (from cryptography==39->-r requirements.txt (line 3))\n${pipBuild.replace(/^Collecting.*\n/, '')}`
  expect(told(chain, [asked('cryptography==39', 3)])?.evidence[0]).toBe('requirements.txt:3')
  // no line is to blame
  expect(told(pipOffline, [asked('wheel==0.45.1', 1)])).toBeUndefined()
})

test.each([
  ['twisted-iocpsupport==1.0.4', 'linux', 'Write twisted-iocpsupport==1.0.4 ; sys_platform == "win32" in requirements.txt:7.'],
  ['backports.zoneinfo==0.2.1', 'linux', 'Write backports.zoneinfo==0.2.1 ; python_version < "3.9" in requirements.txt:7.'],
  ['twisted-iocpsupport==1.0.4', 'win32', 'Install what its build asks for'],
] as const)('%s on %s', (spec, platform, remedy) => {
  const line = { ...asked(spec, 7), name: spec.replace(/==.*/, '').replace('.', '-') }
  expect(told(`error: Failed to build \`${spec}\``, [line], { platform })?.hint).toContain(remedy)
})

test('who is to edit a file in UTF-16 is told so', () => {
  const told16 = [[file], ['/srv/vote/other.txt']].map(
    (files) => told(pipBuild, [asked('psycopg2==2.9.9', 2)], { utf16: new Set(files) })?.hint,
  )
  expect(told16[0]).toContain('requirements.txt is UTF-16, as PowerShell writes it: save it so, or all of it as UTF-8.')
  expect(told16[1]).not.toContain('UTF-16')
})

test('what a condition leaves out is named with it', () => {
  const facts = { asked: [asked('django; python_version >= "3.12"', 4)], python: '3.11.7', shown: (path: string) => path.slice(10), file }
  expect(judgeLeftOut(['django', 'channels'], facts).evidence.slice(1)).toEqual([
    'requirements.txt:4 asks for django only where python_version >= "3.12", and this is Python 3.11.7',
    'channels: no line of requirements.txt that could be read asks for it',
  ])
})

test('a release that only an exclusion has led to: told as that, with the lines', () => {
  const lines = pipBacktracks.split('\n')
  const failure = installFailure(lines)
  const all = [asked('celery[redis]', 1), asked('redis~=5.0', 2)]
  const around: InstallFacts = {
    asked: all,
    lines,
    python: '3.9.18',
    platform: 'linux',
    shown: (path) => path.slice(10),
    broken: undefined,
    isWhole: true,
  }
  const found = failure && judgeInstall(failure, around)
  expect(found?.message).toBe("What the project asks for goes together only with kombu<4.0,>=3.0.37, which can't be built here")
  expect(found?.evidence[0]).toBe('requirements.txt:1: celery[redis], of which older releases were tried')
  expect(found?.hint).toContain('Ask for other releases in requirements.txt:1')
})
