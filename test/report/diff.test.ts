import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { setDotenvValue } from '../../src/plan/dotenv-edit.ts'
import { renderDotenvDiff } from '../../src/report/diff.ts'

const PATH = 'backend/.env'

function diffOf(before: string | undefined, after: string): string[] {
  return renderDotenvDiff(PATH, before, after)
}

/** The lines of a diff in which all given lines are context, shown as they would be. */
function shown(...lines: string[]): string[] {
  return lines.flatMap((line) => diffOf(line, `${line}\nX=True`).slice(3, -1)).map((line) => line.slice(1))
}

function switches(...on: number[]): string {
  return Array.from({ length: 12 }, (_, line) => `K${line}=${on.includes(line) ? 'True' : 'False'}\n`).join('')
}

function headers(...changed: number[]): string[] {
  return diffOf(switches(), switches(...changed)).filter((line) => line.startsWith('@@'))
}

describe('renderDotenvDiff', () => {
  it('shows a changed switch with two lines of context, their values masked', () => {
    const before =
      'A=1\nSECRET_KEY=hunter2secret\nREDIS_HOST=10.1.2.3\n# Redis\nUSE_REDIS_FOR_CHANNELS=False\nDEBUG=True\nREDIS_PORT=6379\nLAST=x\n'
    expect(diffOf(before, before.replace('CHANNELS=False', 'CHANNELS=True'))).toEqual([
      '--- backend/.env',
      '+++ backend/.env',
      '@@ -3,5 +3,5 @@',
      ' REDIS_HOST=***',
      ' # Redis',
      '-USE_REDIS_FOR_CHANNELS=False',
      '+USE_REDIS_FOR_CHANNELS=True',
      ' DEBUG=True',
      ' REDIS_PORT=6379',
    ])
  })

  it('shows lists of hosts and Origins, which are no secret, and nothing that could be a login', () => {
    expect(
      shown(
        'ALLOWED_HOSTS=votes.example,.example.org,[::1]',
        'DJANGO_ALLOWED_HOSTS="*"',
        'CORS_ALLOWED_ORIGINS=http://localhost:3000,https://votes.example',
        'ALLOWED_HOSTS=ada:hunter2@votes.example',
        'REDIS_HOST=10.1.2.3',
      ),
    ).toEqual([
      'ALLOWED_HOSTS=votes.example,.example.org,[::1]',
      'DJANGO_ALLOWED_HOSTS="*"',
      'CORS_ALLOWED_ORIGINS=http://localhost:3000,https://votes.example',
      'ALLOWED_HOSTS=***',
      'REDIS_HOST=***',
    ])
    expect(diffOf('ALLOWED_HOSTS=votes.example\n', 'ALLOWED_HOSTS=votes.example,localhost\n').slice(3)).toEqual([
      '-ALLOWED_HOSTS=votes.example',
      '+ALLOWED_HOSTS=votes.example,localhost',
    ])
  })

  it('shows an added last line, also where the file has no final newline', () => {
    expect(diffOf('SECRET_KEY=abc', 'SECRET_KEY=abc\nUSE_REDIS_FOR_CHANNELS=True')).toEqual([
      '--- backend/.env',
      '+++ backend/.env',
      '@@ -1 +1,2 @@',
      ' SECRET_KEY=***',
      '+USE_REDIS_FOR_CHANNELS=True',
    ])
  })

  it('shows a new file', () => {
    expect(diffOf(undefined, 'USE_REDIS_FOR_CHANNELS=True\n')).toEqual([
      '--- /dev/null',
      '+++ backend/.env',
      '@@ -0,0 +1 @@',
      '+USE_REDIS_FOR_CHANNELS=True',
    ])
  })

  it('has no lines where nothing changes', () => {
    expect(diffOf('A=1\r\n', 'A=1\r\n')).toEqual([])
  })

  it('masks the values of changed lines too', () => {
    expect(diffOf('SECRET_KEY=old-secret\n', 'SECRET_KEY=new-secret\n')).toEqual([
      '--- backend/.env',
      '+++ backend/.env',
      '@@ -1 +1 @@',
      '-SECRET_KEY=***',
      '+SECRET_KEY=***',
    ])
  })

  it('puts changes that are near each other into one hunk, and far ones into two', () => {
    expect(headers(2, 6)).toEqual(['@@ -1,9 +1,9 @@'])
    expect(headers(2, 7)).toEqual(['@@ -1,10 +1,10 @@'])
    expect(headers(2, 8)).toEqual(['@@ -1,5 +1,5 @@', '@@ -7,5 +7,5 @@'])
  })

  it.each([
    ['SECRET_KEY=hunter2', 'SECRET_KEY=***'],
    ['SECRET_KEY = "hunter2"', 'SECRET_KEY = ***'],
    ['export SECRET_KEY=hunter2 # note', 'export SECRET_KEY=***'],
    ['DB_PASSWORD=12345', 'DB_PASSWORD=***'],
    ['DB_PASSWORD=1 # still the password', 'DB_PASSWORD=***'],
    ['REDIS_DB=0 # default', 'REDIS_DB=0 # default'],
    ['REDIS_PORT="6379"', 'REDIS_PORT="6379"'],
    ['PHONE=4915112345678', 'PHONE=***'],
    ['EMPTY=', 'EMPTY='],
    ["EMPTY=''", "EMPTY=''"],
    ['# SECRET_KEY=hunter2', '# SECRET_KEY=***'],
    ['#SECRET_KEY=hunter2', '#SECRET_KEY=***'],
    ['## export USE_REDIS=False', '## export USE_REDIS=False'],
    ['# the password is hunter2', '# the password is ***'],
    ['# secret: hunter2', '# secret: ***'],
    ['# redis://user:hunter2@host/0', '# redis://***@host/0'],
    ['# Channel layer: Redis or in memory', '# Channel layer: Redis or in memory'],
    ['DEBUG=True # old: SECRET_KEY=hunter2', 'DEBUG=True # old: SECRET_KEY=***'],
    ['DEBUG=True hunter2', 'DEBUG=***'],
    ['hunter2', '***'],
    ['redis://:hunter2@host?a=1', '***'],
    ['aGVsbG8gd29ybGQgaGVsbG8=', '***'],
    ['', ''],
    ['# \u{1b}[31mred\u{9b}1m\u{202e}', '# \u{fffd}[31mred\u{fffd}1m\u{fffd}'],
  ])('shows %j as %j', (line, expected) => {
    expect(shown(line)).toEqual([expected])
  })

  it('masks every line of a value that spans lines, whatever the line looks like', () => {
    const before = 'KEY="-----BEGIN PRIVATE KEY-----\nabc=hunter2\n# hunter2\nTrue"\nUSE_REDIS=False\n'
    expect(diffOf(before, before.replace('False', 'True')).slice(3)).toEqual([' ***', ' ***', '-USE_REDIS=False', '+USE_REDIS=True'])
    const plain = "P='one\n# hunter2\n\nA=hunter2'\nUSE_REDIS=False\n"
    expect(diffOf(plain, plain.replace("P='", "P=' ")).join('\n')).not.toContain('hunter2')
  })

  it('masks a line that is inside a quoted value in one of the texts only', () => {
    expect(diffOf('A="x\n# hunter2\n"\n', 'A=x\n# hunter2\n"\n').slice(3)).toEqual(['-A=***', '+A=***', ' ***', ' ***'])
    expect(diffOf('A=x\n# hunter2\n"\n', 'A="x\n# hunter2\n"\n').join('\n')).not.toContain('hunter2')
  })

  it('masks a PEM block without quotes', () => {
    const before = 'KEY=-----BEGIN PRIVATE KEY-----\nhunter2=\n-----END PRIVATE KEY-----\nUSE_REDIS=False\n'
    expect(diffOf(before, before.replace('False', 'True')).slice(3)).toEqual([' ***', ' ***', '-USE_REDIS=False', '+USE_REDIS=True'])
  })

  it('shows a switch that python-decouple reads between quotes of other lines', () => {
    const before = 'A="open\nUSE_REDIS=False\nB=x"\n'
    expect(diffOf(before, before.replace('False', 'True'))).toContain('+USE_REDIS=True')
  })

  it('shows large replaced files whole', () => {
    const before = Array.from({ length: 2_100 }, (_, line) => `A${line}=1\n`).join('')
    const after = before.replaceAll('A', 'B')
    expect(diffOf(before, after)).toHaveLength(3 + 4_200)
  })

  it('never prints a secret, whatever surrounds it', () => {
    const secret = 'zq7Xw9secret'
    const places = fc.constantFrom(
      `SECRET_KEY=${secret}`,
      `SECRET_KEY = '${secret}'`,
      `export A="${secret}"`,
      `# B=${secret}`,
      `C="x\n${secret}\n"`,
      `D='x\nE=${secret}'`,
      `F=True ${secret}`,
      `#G=${secret} # note`,
      secret,
      `H=1,${secret}`,
      `I="${secret}`,
    )
    const others = fc.constantFrom('DEBUG=True', '', '# prose', 'PORT=8000', "Q='a'", 'R="b"')
    const newlines = fc.constantFrom('\n', '\r\n')
    fc.assert(
      fc.property(
        fc.array(fc.oneof(places, others), { maxLength: 5 }),
        newlines,
        fc.constantFrom('DEBUG', 'USE_REDIS', 'SECRET_KEY'),
        (lines, newline, key) => {
          const text = lines.join(newline)
          const edit = setDotenvValue(text, key, 'False', 'decouple')
          if (edit.kind === 'changed') expect(diffOf(text, edit.text).join('\n')).not.toContain(secret)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
