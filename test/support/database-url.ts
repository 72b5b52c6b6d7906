/** Settings that read DATABASE_URL, as dj-database-url makes a database of it. */
const module = `from urllib.parse import unquote, urlsplit

def parse(text):
    url = urlsplit(text)
    name = unquote(url.path[1:])
    if url.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": name}
    return {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": url.username, "PASSWORD": unquote(url.password or ""), "HOST": url.hostname, "PORT": url.port}
`

export const databaseUrl = {
  settings: 'import os\nimport dj_database_url\nDATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"])}\n',
  files: { 'backend/dj_database_url.py': module },
}
