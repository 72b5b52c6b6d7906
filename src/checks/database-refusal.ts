/** What a database's server says in place of opening it: it is there, and which thing is wrong is in its words. */
interface DatabaseRefusal {
  readonly id: 'database-absent' | 'database-unreachable'
  readonly title: string
  readonly remedy: string
  /** It ends by itself, so that nothing has to stand in for the server. */
  readonly passes: boolean
}

interface Words {
  readonly says: RegExp
  readonly id?: 'database-absent'
  readonly passes?: true
  /** `name`: what the server named, empty where it named nothing. */
  readonly title: (name: string) => string
  readonly remedy: (name: string) => string
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const backticked = (name: string): string => `\`${name.replaceAll('`', '``')}\``

/**
 * The first that fits is it. PostgreSQL's words: src/backend/utils/init/postinit.c, libpq/auth.c and
 * tcop/backend_startup.c of its source; MySQL's: dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html.
 */
const refusals: readonly Words[] = [
  {
    says: /FATAL: +database "(.+)" does not exist/,
    id: 'database-absent',
    title: (name) => `The database server is there, and has no database ${name}`,
    remedy: (name) => `Make it, in psql as a role that may: CREATE DATABASE ${quoted(name)};`,
  },
  {
    says: /FATAL: +role "(.+)" does not exist/,
    id: 'database-absent',
    title: (name) => `The database server is there, and has no role ${name}`,
    remedy: (name) =>
      `Make it, in psql as a role that may: CREATE ROLE ${quoted(name)} LOGIN; if the server asks for a password, give it the one in the settings (\\password).`,
  },
  {
    says: /FATAL: +the database system is (?:starting up|shutting down|in recovery mode|not yet accepting connections)/,
    passes: true,
    title: () => 'The database server runs, but takes no connections yet',
    remedy: () => 'Wait until it has started.',
  },
  {
    says: /FATAL: +(?:sorry, too many clients already|remaining connection slots are reserved|too many connections for (?:database|role) )/,
    title: () => 'The database server is there, and has no connection left',
    remedy: () => 'End programs that hold connections to it (pg_stat_activity lists them), or raise the limit.',
  },
  {
    says: /FATAL: +password authentication failed for user "(.+)"/,
    title: (name) => `The database server doesn't take the password for ${name}`,
    // auth_failed() gives away to nobody whether there is such a role
    remedy: () => 'Correct the user and the password in the settings; the server says the same if it has no such role.',
  },
  {
    says: /FATAL: +(?:Peer|Ident) authentication failed for user "(.+)"/,
    title: (name) => `The database server accepts ${name} only from the system user of that name`,
    remedy: () => 'Name the host 127.0.0.1 and a password in the settings: over its socket the server checks the system user.',
  },
  {
    says: /fe_sendauth: no password supplied/,
    title: () => 'The database server asks for a password, but the settings have none',
    remedy: () => "Put the role's password into the settings.",
  },
  {
    says: /FATAL: +no pg_hba\.conf entry for host/,
    title: () => 'The database server refuses this user from here',
    remedy: () => 'Add a line for it to pg_hba.conf, and have the server reload it.',
  },
  {
    says: /\(1049, ["']Unknown database '(.+)'/,
    id: 'database-absent',
    title: (name) => `The database server is there, and has no database ${name}`,
    remedy: (name) => `Make it, in mysql as a user who may: CREATE DATABASE ${backticked(name)};`,
  },
  {
    says: /\((?:1044|1045|1698), ["']Access denied for user '(.*?)'@/,
    title: (name) => `The database server doesn't let ${name === '' ? 'an unnamed user' : name} in`,
    remedy: () => 'Correct the user and the password in the settings, or grant the user the database.',
  },
  {
    says: /\((?:1040|1203|1226), /,
    title: () => 'The database server is there, and has no connection left',
    remedy: () => 'End programs that hold connections to it (SHOW PROCESSLIST lists them), or raise the limit.',
  },
]

/** Reads what the driver said; undefined where no server spoke, or in words that aren't known. Pure. */
export function databaseRefusal(message: string | null | undefined): DatabaseRefusal | undefined {
  for (const { says, id = 'database-unreachable', passes = false, title, remedy } of refusals) {
    const found = says.exec(message ?? '')
    if (found !== null) return { id, passes, title: title(found[1] ?? ''), remedy: remedy(found[1] ?? '') }
  }
  return undefined
}

/** In the words of SQLite, PostgreSQL (both `relation "x"` and `column x.y`) and MySQL (1146, 1054). */
export const missingParts =
  /no such (?<kind>table|column): (?<name>[^\s,;]+)|(?<kind2>relation|column) "?(?<name2>[\w.]+)"?(?: of relation "?\w+"?)? does not exist|(?<kind3>Table) '(?<name3>[^']+)' doesn't exist|Unknown (?<kind4>column) '(?<name4>[^']+)'/i

/** What a query asked for and the database doesn't have, as a sentence; undefined where it says nothing of the kind. Pure. */
export function missingPart(message: string): string | undefined {
  const { kind, kind2, kind3, kind4, name, name2, name3, name4 } = missingParts.exec(message)?.groups ?? {}
  const what = kind ?? kind2 ?? kind3 ?? kind4
  if (what === undefined) return undefined
  return `The database has no ${what.toLowerCase() === 'column' ? 'column' : 'table'} ${name ?? name2 ?? name3 ?? name4 ?? ''}`
}
