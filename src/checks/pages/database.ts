import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

/** The database behind users and tokens. */
export const databasePages: Readonly<Record<IdsOfFamily<'database'>, Page>> = {
  'migrations-pending': {
    what: 'The database lacks tables or columns that the code expects, because the migrations were not run on this machine, or not since the last pull. Login is an error 500, and so is the socket, which looks its user up there.',
    tells: [
      'The log has `no such table: auth_user` (SQLite), `relation "auth_user" does not exist` (PostgreSQL), or `no such column`.',
      '`python manage.py migrate --check` exits 1.',
      'If it exits 0 and tables are missing, another database is in use: a relative path of db.sqlite3, or another DATABASE_URL.',
    ],
    mend: [
      'Apply them: `python manage.py migrate` in backend/. `election-dev start --setup` does so after it said it.',
      'Then make a user if the database is new: `python manage.py createsuperuser`.',
      'If it still lacks something, a model was changed without a migration: `python manage.py makemigrations`, and commit the file.',
    ],
    commands: [
      ['python', 'manage.py', 'migrate', '--check'],
      ['python', 'manage.py', 'migrate'],
    ],
    background:
      'db.sqlite3 is not part of the repository, so a clone has none, and SQLite makes an empty file on the first connect instead of saying so. An ASGI server, unlike runserver, does not warn of migrations that are not applied.',
  },
  'database-unreachable': {
    what: "Django can't open its database: the server of it is not running or has another address, or the folder of the SQLite file is not there. Pages that need no data work; login and the WebSocket fail with 500.",
    tells: [
      'SQLite: `unable to open database file`, when the folder is missing or may not be written to.',
      'PostgreSQL: `connection to server at "127.0.0.1", port 5432 failed: Connection refused`, or `password authentication failed`. MySQL: `Can\'t connect to MySQL server`.',
      '`Error loading psycopg2 module` is a missing package instead: see `missing-dep`.',
    ],
    mend: [
      'Start the database: `systemctl start postgresql`, `brew services start postgresql`, `docker compose up -d db`; on Windows in services.msc.',
      'Correct DATABASES or DATABASE_URL. In Docker the host is the name of the service, outside of it 127.0.0.1.',
      withCode('For SQLite give a path that does not depend on the working folder:', '"NAME": BASE_DIR / "db.sqlite3"'),
    ],
    commands: [['python', 'manage.py', 'showmigrations']],
    background:
      'Django connects with the first query, so the server starts well without a database. SQLite also needs to write to the folder, since it puts its journal beside the file.',
  },
  'database-locked': {
    what: "Some other program is in the middle of writing to the SQLite file: a shell with an open transaction, a database browser with unsaved changes, a hung script. The socket's lookup of its user waits for it; the browser shows connecting, then 1006.",
    tells: [
      'HTTP that needs no database is answered, and the handshake hangs; daphne resets it after about 5 seconds, the time that SQLite waits too.',
      'The log has `OperationalError: database is locked`.',
      'Another process has db.sqlite3 open: `lsof db.sqlite3` or `fuser db.sqlite3` name it; on Windows the resource monitor.',
      'Without such a process a slow connect() looks the same: see `connect-too-slow`.',
    ],
    mend: [
      'End that process, or commit or discard its changes (in DB Browser: Write Changes or Revert Changes).',
      'If it is your own code, keep transactions short, and write nothing while waiting for a network.',
      withCode('To wait longer, in DATABASES:', '"OPTIONS": {"timeout": 20}'),
      'Where many write at once, use PostgreSQL.',
    ],
    commands: [['lsof', 'db.sqlite3']],
    background:
      'SQLite allows one writer for the whole file. Django asks for the lock with the first write of a transaction and waits five seconds. The lock goes with the process that holds it: do not delete a leftover db.sqlite3-journal, since SQLite repairs the file with it.',
  },
}
