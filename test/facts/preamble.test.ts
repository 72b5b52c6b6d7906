/** What manage.py does before it gives the word to Django, done without it: in an interpreter of its own, as a server does it. */
import { expect, onTestFinished, test, vi } from 'vitest'
import { look } from '../support/examine.ts'
import { makeProject, type ProjectOptions } from '../support/project.ts'
import { variants } from '../support/variants.ts'

vi.setConfig({ testTimeout: 30_000 })

/** Settings that tell what manage.py has done. */
const telling = `
import sys, builtins, subprocess
MARK = os.environ.get("MARK", "none")
PATHS = "apps" in sys.path
ARGV = sys.argv[0].endswith("election_dev_inside")
OWN = builtins.input.__module__ == "builtins" and subprocess.run([sys.executable, "-c", ""]).returncode == 0
`

const names = ['MARK', 'PATHS', 'ARGV', 'OWN'] as const

async function follow(managePy: string, options: ProjectOptions = {}) {
  const project = await makeProject({ style: 'plain', settings: telling, ...options, files: { 'backend/manage.py': managePy } })
  onTestFinished(project.remove)
  const seen = await look(project, { way: 'manage', tell: ['settings', 'application'], names })
  const values = seen.get('settings')?.values.map(({ name, value }) => [name, value]) ?? []
  return { seen, values: Object.fromEntries(values), said: seen.output.filter((line) => line.startsWith('election-dev:')) }
}

const first =
  'import os, sys\nos.environ["MARK"] = "made"\nsys.path.append("apps")\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")\n'
const run = 'from django.core.management import execute_from_command_line\n'

test.each([
  ['main()', `${first}def main():\n    ${run}    execute_from_command_line(sys.argv)\nif __name__ == "__main__":\n    main()\n`],
  ['no main()', `${first}${run}execute_from_command_line(sys.argv)\n`],
  ['ManagementUtility', `${first}from django.core.management import ManagementUtility\nManagementUtility(sys.argv).execute()\n`],
  [
    'a command line of its own',
    `${first}def command(name, *rest):\n    ${run}    execute_from_command_line(["manage.py", name, *rest])\ncommand(*sys.argv[1:])\n`,
  ],
  [
    'words after it, which a server comes to when it ends',
    `${first}${run}execute_from_command_line(sys.argv)\nos.environ["MARK"] = "ended"\n`,
  ],
  ['subprocess that is only imported', `import subprocess\n${first}${run}execute_from_command_line(sys.argv)\n`],
])('%s: done, and everything is as it was', async (_, managePy) => {
  const { seen, values, said } = await follow(managePy)
  expect({ values, said }, JSON.stringify([seen.output, seen.errorOf('settings')])).toEqual({
    values: { MARK: 'made', PATHS: 'True', ARGV: 'True', OWN: 'True' },
    said: [],
  })
  expect(seen.get('application')?.websocket).toBe(true)
})

const stops: [name: string, more: string, word: string][] = [
  ['raises', 'raise ValueError("no such mode")\n', 'ValueError: no such mode'],
  ['exits', 'sys.exit("a .env is wanted")\n', 'SystemExit: a .env is wanted'],
  ['loops, for 3 s', 'while True:\n    try:\n        pass\n    except Exception:\n        pass\n', 'no command of Django'],
  ['becomes another program', 'os.execv(sys.executable, [sys.executable, "-c", ""])\n', 'it calls execv'],
  ['starts a program', 'import subprocess\nsubprocess.check_output(["true"])\n', 'it calls subprocess'],
  ['asks a question', 'input("Which settings? ")\n', 'it calls input'],
  ['runs no command of Django', '', "it runs none of Django's commands"],
  ['sleeps, for 3 s', 'import time\ntime.sleep(60)\n', 'no command of Django'],
  ['becomes another one that is looked for', 'os.execlp("python3", "python3", "-c", "")\n', 'it calls execv'],
]
variants(
  stops,
  { title: 'a manage.py that %s is left alone, and so is what it has done', quick: stops.length - 2 },
  async (_, more, word) => {
    const { seen, values, said } = await follow(first + more)
    expect({ values, said }, JSON.stringify(seen.output)).toEqual({
      values: { MARK: 'none', PATHS: 'False', ARGV: 'True', OWN: 'True' },
      said: [expect.stringContaining(word)],
    })
    expect(seen.get('application')?.websocket).toBe(true)
  },
)

test('runserver: Django is set up before the application is imported', async () => {
  const project = await makeProject({
    style: 'plain',
    asgi: 'from django.contrib.auth.models import User\nfrom django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n',
  })
  onTestFinished(project.remove)
  const by = async (way: 'asgi' | 'manage' | 'runserver') => (await look(project, { way })).errorOf('application')?.type
  expect([await by('asgi'), await by('manage'), await by('runserver')]).toEqual(['ImproperlyConfigured', 'AppRegistryNotReady', undefined])
})
