import { nameOf } from '../facts/server-invocation.ts'
import { serverPrograms } from '../servers/known.ts'
import { inShell, typedInOrder } from '../host/shell.ts'

/** Programs that come with a Python package of another name, or with the same one. */
const pythonPackages: Readonly<Record<string, string>> = {
  ...Object.fromEntries('celery flower dramatiq rq watchfiles honcho aiosmtpd'.split(' ').map((name) => [name, name])),
  ...Object.fromEntries(serverPrograms.map(({ name, install }) => [name, install])),
  huey_consumer: 'huey',
  'huey_consumer.py': 'huey',
  rqworker: 'rq',
  'django-admin': 'django',
  watchmedo: 'watchdog',
}

/** What else is known of how a program is got. */
const others: readonly (readonly [readonly string[], string])[] = [
  [['redis-server', 'valkey-server'], 'Install it ({redis}), or let "managedRedis": true find one.'],
  [['node', 'npm', 'npx'], 'Install Node.js: https://nodejs.org/'],
  [['yarn', 'pnpm'], 'Install it:  corepack enable {name}'],
  [['docker'], 'Install Docker: https://docs.docker.com/get-docker/'],
]

/** How a program that isn't there is got: a sentence, or a command to copy. */
export function installHint(program: string, python: string, platform: NodeJS.Platform = process.platform): string {
  const name = nameOf(program)
  const distribution = pythonPackages[name]
  if (distribution !== undefined)
    return `Install it:  ${typedInOrder(inShell([python, '-m', 'pip', 'install', distribution], platform), platform)}`
  const redis = platform === 'win32' ? 'winget install Memurai.MemuraiDeveloper' : 'apt install redis-server, brew install redis'
  return (
    others
      .find(([names]) => names.includes(name))?.[1]
      .replace('{name}', name)
      .replace('{redis}', redis) ?? `Install ${name}, or write where it is.`
  )
}
