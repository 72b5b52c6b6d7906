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
}

/** What `pip install` calls the package that brings a module. */
export function distributionOf(module: string): string {
  const top = module.split('.')[0] ?? module
  return distributions[top] ?? top
}
