import type { ServiceConfig } from '../config/stack-schema.ts'
import type { JudgedCommand, OldScript } from '../facts/old-scripts.ts'
import type { InitFacts } from './init.ts'
import { fromRoot } from '../facts/old-scripts-session.ts'
import { namesSecret } from '../host/secret-names.ts'
import { chosen, holdsLogin, saidMore, type InitDecision, type InitNote, type SaidByName } from './init-sources.ts'
import { frontendVariable, isUnknown } from './init-variables.ts'

/** Workers and the like that the scripts start beside. A Procfile is read by `start` itself; what a compose file starts is a container's. Pure. */
export function servicesOf({ scripts, dotenv }: Pick<InitFacts, 'scripts' | 'dotenv'>): InitDecision {
  const config: Record<string, ServiceConfig> = {}
  const said: SaidByName = new Map()
  const warnings: InitNote[] = []
  for (const { command, name } of scripts.flatMap((script) => ownServices(script))) {
    const text = written(command.argv)
    if (holdsLogin(text)) {
      warnings.push({
        text: `The command of ${name} holds a login: it is not copied`,
        place: command.place,
        hint: `Put it into ${dotenv}, and let the settings read it.`,
      })
      continue
    }
    config[name] ??= serviceOf(name, command)
    saidMore(said, name, { value: text, place: command.place })
  }
  return {
    config: said.size === 0 ? {} : { services: config },
    taken: [...said].flatMap(([name, commands]) => chosen(`services.${name}`, commands)?.taken ?? []),
    warnings,
    notes: scripts.flatMap((script) => notesOf(script)),
  }
}

function ownServices({ kind, file, commands }: OldScript): { command: JudgedCommand; name: string }[] {
  if (kind === 'compose' || (kind === 'procfile' && file === 'Procfile')) return []
  return commands.flatMap((command) => (command.role.kind === 'service' ? [{ command, name: command.role.name }] : []))
}

function serviceOf(name: string, { argv, cwd, env }: JudgedCommand): ServiceConfig {
  const port = name === 'redis' ? Number(argv[argv.indexOf('--port') + 1] ?? '') || 6379 : undefined
  const own = env.filter(
    ({ name: variable, value }) =>
      !namesSecret(variable) &&
      !holdsLogin(value) &&
      !isUnknown(value) &&
      !value.includes(fromRoot) &&
      !frontendVariable.test(variable) &&
      variable !== 'PORT',
  )
  return {
    command: argv.some((word) => /[\s"'\\]|^$/.test(word)) ? [...argv] : argv.join(' '),
    ...(cwd === undefined || cwd === '.' ? {} : { cwd }),
    ...(own.length === 0 ? {} : { env: Object.fromEntries(own.map(({ name: variable, value }) => [variable, value])) }),
    ...(port === undefined ? {} : { ready: { port } }),
  }
}

function written(argv: readonly string[]): string {
  return argv.map((word) => (/\s|^$/.test(word) ? `"${word}"` : word)).join(' ')
}

function notesOf({ kind, file, commands, compose }: OldScript): InitNote[] {
  const services = commands.filter(({ role }) => role.kind === 'service')
  const [first] = services
  const notes: InitNote[] = compose.redis.map(({ service, image, place }) => ({
    text: `The service ${service} runs ${image}`,
    place,
    hint: `docker compose up -d ${service} before start, or "managedRedis": true for one that start runs itself.`,
  }))
  if (first === undefined) return notes
  if (kind === 'procfile' && file === 'Procfile')
    notes.push({ text: `start reads ${file} as it is: ${services.map(({ name }) => name).join(', ')}`, place: first.place })
  if (kind === 'compose')
    notes.push({
      text: `Containers of ${file} are not copied: ${services.map(({ name }) => name).join(', ')}`,
      place: first.place,
      hint: '"services" in election-dev.config.json runs such a process here.',
    })
  return notes
}
