/** What Django prints of its system checks, as it does, and what it comes to. */
import { describe, expect, test } from 'vitest'
import { judgeLog } from '../../src/checks/server-log.ts'
import { checksIn } from '../../src/facts/system-checks.ts'

const said = (errors: readonly string[], more: readonly string[] = []) => [
  'Performing system checks...',
  '',
  'SystemCheckError: System check identified some issues:',
  '',
  'ERRORS:',
  ...errors,
  '',
  'WARNINGS:',
  'shop.Item.users: (fields.W340) null has no effect on ManyToManyField.',
  '',
  'System check identified 3 issues (0 silenced).',
  ...more,
]
const relation =
  "shop.Item.owner: (fields.E300) Field defines a relation with model 'Missing', which is either not installed, or is abstract."

describe('the messages', () => {
  test('of errors, and not of warnings, with their hints', () => {
    const lines = said([
      relation,
      "<class 'shop.admin.ItemAdmin'>: (admin.E108) The value of 'list_display[0]' refers to 'x'.",
      "?: (admin.E403) A 'django.template.backends.django.DjangoTemplates' instance must be configured in TEMPLATES.",
      '\tHINT: Add one.',
      'auth.User: (auth.E003) two',
      'lines',
    ])
    expect(checksIn(lines)).toEqual([
      { id: 'fields.E300', object: 'shop.Item.owner', message: relation.slice(31), hint: undefined },
      expect.objectContaining({ id: 'admin.E108', object: "<class 'shop.admin.ItemAdmin'>" }),
      expect.objectContaining({ id: 'admin.E403', object: '?', hint: 'Add one.' }),
      { id: 'auth.E003', object: 'auth.User', message: 'two\nlines', hint: undefined },
    ])
  })

  test('of critical ones too, and of one without an id', () => {
    expect(
      checksIn(['SystemCheckError: System check identified some issues:', '', 'CRITICALS:', '?: nothing works', '', 'ERRORS:', relation]),
    ).toMatchObject([{ id: undefined, message: 'nothing works' }, { id: 'fields.E300' }])
  })

  test('of the last time alone, and of nothing but that', () => {
    expect(checksIn([...said([relation]), ...said(['?: (urls.E004) no'])])).toMatchObject([{ id: 'urls.E004' }])
    expect(checksIn(['ERRORS:', relation])).toEqual([])
  })
})

test.each<[string, string | undefined, readonly string[], string]>([
  ['one error', 'system-check-failed', said([relation]), 'fields.E300 of shop.Item.owner'],
  ['two', 'system-check-failed', said([relation, '?: (urls.E004) no']), 'and 1 more'],
  [
    'raised in a thread',
    'system-check-failed',
    [
      'Traceback (most recent call last):',
      '  File "x.py", line 1, in y',
      `django.core.management.base.${said([relation])[2] ?? ''}`,
      ...said([relation]).slice(3),
    ],
    'fields.E300',
  ],
  [
    'the order of the daphne app has a cause of its own',
    'daphne-app-order',
    said(['?: (daphne.E001) Daphne must be listed before django.contrib.staticfiles in INSTALLED_APPS.']),
    'daphne',
  ],
  ['but not where more is wrong', 'system-check-failed', said(['?: (daphne.E001) Daphne must be listed before', relation]), 'fields.E300'],
  [
    'a picture without its library',
    'missing-dep',
    said(['shop.Item.photo: (fields.E210) Cannot use ImageField because Pillow is not installed.', '\tHINT: Get Pillow']),
    'Pillow',
  ],
])('%s', (_, id, lines, title) => {
  const found = judgeLog(lines)
  expect(found?.id).toBe(id)
  expect(found?.title).toContain(title)
})
