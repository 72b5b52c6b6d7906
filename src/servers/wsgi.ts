/** WSGI servers that nothing else here has to know, by their programs: waitress (docs.pylonsproject.org/projects/waitress, runner), uWSGI (uwsgi-docs, Options), mod_wsgi-express. */
export const otherWsgi: ReadonlyMap<string, string> = new Map([
  ['waitress', 'waitress'],
  ['waitress-serve', 'waitress'],
  ['uwsgi', 'uwsgi'],
  ['mod_wsgi-express', 'mod_wsgi-express'],
])

/** Commands of manage.py that serve WSGI alone, whatever is installed, and what they serve by. */
export const wsgiCommands: Readonly<Record<string, string>> = {
  // https://django-extensions.readthedocs.io/en/latest/runserver_plus.html
  runserver_plus: 'serves by Werkzeug, which knows WSGI alone',
  // https://github.com/teddziuba/django-sslserver
  runsslserver: 'serves WSGI alone, over TLS',
}
