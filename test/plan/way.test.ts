import { expect, test } from 'vitest'
import type { Preamble, Way } from '../../src/facts/manage-py.ts'
import { firstWay, nextWay } from '../../src/plan/way.ts'

test.each<[Preamble, Way]>([
  ['none', 'asgi'],
  ['more', 'asgi'],
  ['other-settings', 'manage'],
])('the first way, where manage.py differs by %s: %s', (preamble, way) => {
  expect(firstWay(preamble)).toBe(way)
})

const early = "django.core.exceptions.AppRegistryNotReady: Apps aren't loaded yet."
const bare = 'django.core.exceptions.ImproperlyConfigured: Requested setting INSTALLED_APPS, but settings are not configured.'
const missing = "KeyError: 'SECRET_KEY'"

test.each<[Way, string, Preamble, boolean, Way | undefined]>([
  ['asgi', missing, 'none', true, undefined],
  ['asgi', missing, 'more', true, 'manage'],
  ['asgi', bare, 'more', true, 'manage'],
  ['asgi', bare, 'more', false, 'manage'],
  ['asgi', bare, 'none', true, 'runserver'],
  ['asgi', bare, 'none', false, 'manage'],
  ['asgi', early, 'none', false, undefined],
  ['asgi', early, 'none', true, 'runserver'],
  ['asgi', early, 'more', true, 'runserver'],
  ['asgi', early, 'more', false, 'manage'],
  ['manage', missing, 'more', true, undefined],
  ['manage', early, 'other-settings', true, 'runserver'],
  ['manage', early, 'more', false, undefined],
  ['runserver', early, 'more', true, undefined],
])('after %s has said %s; manage.py: %s, runserver: %s', (way, said, preamble, runserver, next) => {
  expect(nextWay(way, ['Traceback (most recent call last):', said], preamble, runserver)).toBe(next)
})
