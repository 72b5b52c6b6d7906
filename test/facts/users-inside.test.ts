/** The development user that is made: with what django-allauth wants of whoever logs in. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { pythonOf, root, run } from '../support/tools.ts'

/** What allauth/account/models.py has of an address. */
const model = `from django.conf import settings
from django.db import models

class EmailAddress(models.Model):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    email = models.EmailField()
    verified = models.BooleanField(default=False)
    primary = models.BooleanField(default=False)

    class Meta:
        app_label = "account"
`
const program = `
import json, sys
sys.path[:0] = sys.argv[1:3]
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "allauth.account"], USE_TZ=True,
                   DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}})
import django
django.setup()
from django.core.management import call_command
call_command("migrate", run_syncdb=True, verbosity=0)
from allauth.account.models import EmailAddress
from django.db import connection
if sys.argv[3] == "without":
    with connection.schema_editor() as editor:
        editor.delete_model(EmailAddress)
from election_dev_inside.users import create_user
user = create_user("not-a-word")
rows = [] if sys.argv[3] == "without" else list(EmailAddress.objects.values_list("user__username", "email", "verified", "primary"))
print(json.dumps([user.is_superuser, user.email, rows]))
`

test.each([
  ['with', [['developer', 'developer@example.com', true, true]]],
  // its table is another migration's
  ['without', []],
])('%s a table of addresses', async (table, rows) => {
  const folder = await mkdtemp(join(tmpdir(), 'election-dev-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const account = join(folder, 'allauth', 'account')
  await mkdir(account, { recursive: true })
  for (const file of [join(folder, 'allauth', '__init__.py'), join(account, '__init__.py')]) await writeFile(file, '')
  await writeFile(join(account, 'models.py'), model)
  const { stdout } = await run(pythonOf('main'), ['-c', program, join(root, 'src/inside'), folder, table])
  expect(JSON.parse(stdout)).toEqual([true, 'developer@example.com', rows])
})
