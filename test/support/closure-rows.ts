/** In which shapes the commands of each cause are tried, and what may stand behind the cause. */
import type { Family } from '../../src/causes/cause.ts'
import { causeOf, type CauseId } from '../../src/causes/causes.ts'
import { setUps, type Form, type SetUp } from './doctor.ts'

const forms = {
  /** manage.py two folders down, and an environment without pip at the repository's root. */
  deep: { words: ' [deep]', shape: { folder: 'my votes', backend: 'services/api', environment: '.venv', isOfUv: true } },
  /** No folder for the backend, and settings in parts, read by django-environ. */
  flat: { words: ' [flat]', shape: { folder: 'my votes', backend: '', style: 'environ', hasSettingsPackage: true } },
  /** Settings that read no variable. */
  literal: { words: ' [literal]', shape: { style: 'literal', environment: '.venv' } },
} as const satisfies Readonly<Record<string, Form>>

/** The shape that is the most likely to break what a family prints. */
const ofFamily: Readonly<Record<Family, keyof typeof forms>> = {
  server: 'flat',
  address: 'deep',
  url: 'flat',
  proxy: 'flat',
  python: 'deep',
  settings: 'flat',
  startup: 'deep',
  routing: 'flat',
  token: 'flat',
  origin: 'flat',
  consumer: 'deep',
  layer: 'literal',
  redis: 'literal',
  database: 'deep',
  frontend: 'flat',
}

/** What is named once the cause is gone, where its set-up has more against it. */
export const behind: Readonly<Partial<Record<CauseId, readonly CauseId[]>>> = {
  // the requirements of these set-ups are poorer than what their settings import
  'venv-missing': ['missing-dep'],
  'venv-broken': ['missing-dep'],
  'foreign-environment': ['missing-dep'],
  // its settings name a Redis, which isn't there
  'channels-redis-missing': ['redis-unreachable'],
  // what the page has was signed by the key of the server before: it logs in again
  'secret-key-changes': ['token-rejected'],
}

/** A set-up as it is, and the first one of each cause in another shape as well. */
export function formsOf(setUp: SetUp): readonly Form[] {
  const asItIs: Form = { words: '', shape: {} }
  const isFirst = setUps().find(({ id }) => id === setUp.id)?.title === setUp.title
  return isFirst ? [asItIs, forms[ofFamily[causeOf(setUp.id).family]]] : [asItIs]
}

/** Whether the cause of a set-up has commands. */
export function isClosable({ id }: SetUp): boolean {
  return causeOf(id).noCommands === undefined
}
