import { normalName, requiredName } from '../facts/packages.ts'
import { serverPrograms } from '../servers/known.ts'
import { successors } from './removed-modules.ts'

/** PyPI's name of a module, where the two differ. */
const distributions: Readonly<Record<string, string>> = {
  jwt: 'PyJWT',
  decouple: 'python-decouple',
  environ: 'django-environ',
  dotenv: 'python-dotenv',
  corsheaders: 'django-cors-headers',
  rest_framework: 'djangorestframework',
  rest_framework_simplejwt: 'djangorestframework-simplejwt',
  psycopg2: 'psycopg2-binary',
  MySQLdb: 'mysqlclient',
  yaml: 'PyYAML',
  PIL: 'Pillow',
  channels_redis: 'channels-redis',
  debug_toolbar: 'django-debug-toolbar',
  django_filters: 'django-filter',
  django_extensions: 'django-extensions',
  drf_spectacular: 'drf-spectacular',
  storages: 'django-storages',
  django_redis: 'django-redis',
  allauth: 'django-allauth',
  bs4: 'beautifulsoup4',
  crispy_forms: 'django-crispy-forms',
  dj_database_url: 'dj-database-url',
  graphene_django: 'graphene-django',
  import_export: 'django-import-export',
  sentry_sdk: 'sentry-sdk',
  taggit: 'django-taggit',
}

/** Well-known ones that are called like their module. */
const sameName = `aiohttp asgiref celery channels django httpx msgpack numpy pandas psycopg pytz redis requests stripe
  twisted websockets whitenoise wsproto`.split(/\s+/)
const known: ReadonlySet<string> = new Set(
  [...Object.values(distributions), ...sameName, ...serverPrograms.map(({ name }) => name), ...successors].map((name) =>
    requiredName(name),
  ),
)

/** Whether a name is that of a well-known package. Any other may be a stranger's on PyPI, so that installing it would be a guess. */
export function isWellKnown(distribution: string): boolean {
  return known.has(normalName(distribution))
}

/** What `pip install` calls the package that brings a module. */
export function distributionOf(module: string): string {
  const top = module.split('.')[0] ?? module
  return distributions[top] ?? top
}
