/** Under what condition a line of a consumer is come to, and who stands there. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { pythonOf, root } from '../support/tools.ts'

const run = promisify(execFile)

const named = (name: string | null, scope = true) => ({ name, authenticated: name !== null, scope })

const source = `async def connect(self):
    if self.user is None:
        a
    elif (self.user
          .is_staff):
        b
    else:
        c
    try:
        d
    except (KeyError, ValueError):
        e
    if x:
        def inner():
            f
    g
`

test('the condition of a line', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'election-dev-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'consumers.py')
  await writeFile(file, source)
  const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
from election_dev_inside.identity import condition
print(json.dumps([condition(sys.argv[2], line) for line in (3, 6, 8, 10, 12, 15, 16)]))
print(json.dumps(condition("<string>", 1)))
`
  const { stdout } = await run(pythonOf('main'), ['-c', program, join(root, 'src/inside'), file])
  const [conditions = '', nowhere] = stdout.split('\n')
  expect(JSON.parse(conditions)).toEqual([
    'if self.user is None',
    'if self.user .is_staff',
    'else of if self.user .is_staff',
    null,
    'except (KeyError, ValueError)',
    null,
    null,
  ])
  expect(nowhere).toBe('null')
})

test('who stands there, and never a question to the database', async () => {
  const program = `
import json, sys
sys.path.insert(0, sys.argv[1])
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
import django
django.setup()
from django.contrib.auth.models import AnonymousUser, User
from django.utils.functional import SimpleLazyObject
from election_dev_inside.identity import user_of
class Consumer: pass
def at(**what):
    consumer = Consumer()
    consumer.__dict__.update(what)
    return consumer
def asked():
    raise SystemExit("the project's code was run")
known = SimpleLazyObject(lambda: User(username="usher"))
str(known)
class Frame:
    f_locals = {"user": User(username="local"), "owner": User(username="owner")}
print(json.dumps([
    user_of(at(scope={"user": User(username="usher")})),
    user_of(at(scope={"user": known})),
    user_of(at(scope={"user": SimpleLazyObject(asked)})),
    user_of(at(scope={"user": AnonymousUser()}), [Frame]),
    user_of(at(scope={}), [Frame]),
    user_of(at(scope={}, support_user=User(username="own"))),
    user_of(at(scope={}, user=User(username="own"))),
    user_of(at(scope={}, room=User(username="no"))),
    user_of(None),
]))
`
  const { stdout } = await run(pythonOf('main'), ['-c', program, join(root, 'src/inside')])
  expect(JSON.parse(stdout)).toEqual([
    named('usher'),
    named('usher'),
    null,
    named(null),
    named('local', false),
    null,
    named('own', false),
    null,
    null,
  ])
})
