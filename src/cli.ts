import { Argument, CommanderError } from 'commander'
import { CliCommand } from './cli-command.ts'
import type { OptionsOf } from './config/options/call.ts'
import { version } from './version.ts'

/**
 * Runs the command line and gives the exit status. Help and parsing only: each
 * command is loaded when it is asked for.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let status = 0
  const program = new CliCommand('election-dev', (code) => {
    status = code
  })
    .description(
      "From a Django Channels checkout to a proven WebSocket with one command.\nWhen it can't work: the one cause, its evidence, and the command that fixes it.",
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .examples(
      `
  $ election-dev demo                 lay out a small election backend, start it, prove its WebSocket
  $ election-dev start                in your checkout: start the backend, prove its WebSocket, stay up
  $ election-dev start --setup        the same on a fresh clone: makes what is missing first
  $ election-dev start --detach       the same in the background: status, logs -f, restart, stop
  $ election-dev verify               is the WebSocket of the running backend sound?
  $ election-dev smoke -- npm test    start, prove, run a command against it, end all of it: for CI
  $ election-dev doctor               why does the WebSocket not work, and what fixes it?
  $ election-dev env                  which channel layer would be written to .env, as a diff
  $ election-dev init                 a configuration out of the scripts that started the project until now`,
    )
    .exitOverride()
    .showHelpAfterError('(election-dev --help lists the commands)')

  program
    .command('start')
    .description('start the backend on an ASGI server, prove its WebSocket, stay up until Ctrl+C')
    .examples(
      `
  $ election-dev start
  $ election-dev start --setup                      fresh clone: environment, packages, .env, tables, a user
  $ election-dev start --port 8001 --strict-port
  $ election-dev start --channel-layer redis        use Redis, and fail where it can't be used
  $ ELECTION_DEV_TOKEN=… election-dev start         prove it with a token of yours
  $ election-dev start --json                       one JSON event a line
  $ election-dev start --detach                     in the background: status, logs -f, restart, stop
  $ election-dev start --takeover                   end the earlier server of this project that holds the port

Every option has its key in election-dev.config.{json,js,mjs,ts} and a variable:
--port is "port" there and ELECTION_DEV_PORT in the environment.`,
    )
    .runs(async (options: OptionsOf<'start'>) => (await import('./commands/start-command.ts')).startCommand(options))

  program
    .command('status')
    .description('what runs here: services, addresses, the WebSocket, how long, what went wrong last')
    .examples(
      `
  $ election-dev status                           0: up and proven; 1: nothing runs, or not all of it is well
  $ election-dev status --json                    one document, with a schema`,
    )
    .runs(async (options: OptionsOf<'status'>) => (await import('./commands/status.ts')).statusCommand(options))

  program
    .command('logs')
    .argument('[service]', 'this service alone, such as backend; election-dev is the launcher itself')
    .description('what a run in the background has printed, and with -f what it prints')
    .examples(
      `
  $ election-dev logs                             the last 200 lines, also of a run that has ended
  $ election-dev logs -f backend                  until the run ends
  $ election-dev logs -n 1000 --timestamps`,
    )
    .runs(async (service: string | undefined, options: OptionsOf<'logs'>) =>
      (await import('./commands/logs.ts')).logsCommand(service, options),
    )

  program
    .command('restart')
    .argument('[service]', 'this service alone, such as backend')
    .description('start a service of the run again, or all of them, and prove the WebSocket anew')
    .examples(
      `
  $ election-dev restart
  $ election-dev restart backend`,
    )
    .runs(async (service: string | undefined, options: OptionsOf<'restart'>) =>
      (await import('./commands/restart.ts')).restartCommand(service, options),
    )

  program
    .command('stop')
    .description('end the run of this folder: exactly what was started, and nothing else')
    .examples(
      `
  $ election-dev stop                             0: nothing is left of it, also where nothing ran
  $ election-dev stop --all                       all runs of this folder`,
    )
    .runs(async (options: OptionsOf<'stop'>) => (await import('./commands/stop.ts')).stopCommand(options))

  program
    .command('verify')
    .argument('[url]', 'the WebSocket; default: the one of the run that is up in this folder, else of its project')
    .description('prove a WebSocket that is already served: TCP, HTTP, handshake, 2 s hold, ping')
    .examples(
      `
  $ election-dev verify
  $ election-dev verify ws://127.0.0.1:8000/ws/election-updates/ --origin http://localhost:3000
  $ ELECTION_DEV_TOKEN=… election-dev verify wss://example.org/ws/election-updates/
  $ election-dev verify --url ws://a:8000/ws/x/ --url ws://b:8000/ws/x/ --send '{"type":"vote","note":"{marker}"}' --count 100
                                      does what is sent at one instance reach a socket at the other, and back?`,
    )
    .runs(async (url: string | undefined, options: OptionsOf<'verify'>) =>
      (await import('./commands/verify.ts')).verifyCommand(url, options),
    )

  program
    .command('smoke')
    .argument('[command...]', 'what to run once all is proven, behind --')
    .description('start, prove the WebSocket, run a command against it, end all of it: for CI')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev smoke                              start, prove (2 s hold, ping, broadcast), end
  $ election-dev smoke -- npx playwright test       the same, and the tests in between
  $ election-dev smoke --setup --reporter text --reporter junit=smoke.xml
  $ election-dev smoke --timeout 60000 --json       one JSON document (dist/smoke.schema.json)

The command gets ELECTION_DEV_URL, ELECTION_DEV_WS_URL and ELECTION_DEV_ORIGIN, with a frontend
ELECTION_DEV_PAGE_URL, and ELECTION_DEV_TOKEN where you gave one. It isn't run unless all is proven.
Reporters: text, json, junit, github; KIND=FILE writes to a file. Default: text, and github in GitHub Actions.
The backend alone is started, since it is what is proven; --frontend, or "frontend" and "services" in the
configuration, add to it. Nothing is watched, restarted, opened or asked.

Exit codes: the command's own (128 + n: ended by signal n; 127: no such program), 1 for a finding,
2 for usage and configuration, 130 and 143 where it was stopped.`,
    )
    .runs(async (command: string[], options: OptionsOf<'smoke'>) => (await import('./commands/smoke.ts')).smokeCommand(command, options))

  program
    .command('doctor')
    .argument('[checks...]', 'run these checks alone; or: explain <id>')
    .description('name the one cause of a broken WebSocket, with its evidence and the command that fixes it')
    .examples(
      `
  $ election-dev doctor
  $ election-dev doctor --url ws://localhost:8000/ws/election-updates/ --origin http://localhost:3000
  $ election-dev doctor --url ws://a:8000/ws/x/ --url ws://b:8000/ws/x/    two instances of one backend
  $ election-dev doctor --fix                     fix what can be fixed, after showing it
  $ election-dev doctor --undo                    put back what the last --fix or --setup did
  $ election-dev doctor --list                    every check
  $ election-dev doctor explain redis-too-old     the page on one
  $ election-dev doctor redis-too-old redis-oom   these checks alone`,
    )
    .runs(async (checks: string[], options: OptionsOf<'doctor'>) => (await import('./commands/doctor.ts')).doctorCommand(checks, options))

  program
    .command('env')
    .description("show what the channel layer's choice would change in .env; --write changes it")
    .examples(
      `
  $ election-dev env                              what would start decide, and why
  $ election-dev env --channel-layer memory       as a diff
  $ election-dev env --channel-layer redis --write`,
    )
    .runs(async (options: OptionsOf<'env'>) => (await import('./commands/env.ts')).envCommand(options))

  program
    .command('init')
    .description('write a configuration, npm scripts and a .gitignore line out of what the project has; shows a diff first')
    .addHelpText(
      'after',
      `
Reads start-services.ps1, start-services.bat, start.ps1, start-server.ps1, stop-services.ps1, Procfile,
docker-compose.yml, Makefile and package.json, and says what it took from where.`,
    )
    .examples(
      `
  $ election-dev init                             shows what it would write, and asks
  $ election-dev init --yes                       writes it
  $ election-dev init --settings                  also lets USE_REDIS_FOR_CHANNELS choose the channel layer
  $ election-dev init --replace-scripts           start-services.ps1 and its kind become one call each
  $ election-dev init --ci gitlab`,
    )
    .runs(async (options: OptionsOf<'init'>) => (await import('./commands/init.ts')).initCommand(options))

  program
    .command('demo')
    .argument('[dir]', 'where the demo is laid out', 'election-demo')
    .description('lay out a small election backend, make its environment, start it, prove its WebSocket')
    .examples(
      `
  $ election-dev demo
  $ election-dev demo /tmp/election --port 8010`,
    )
    .runs(async (dir: string, options: OptionsOf<'demo'>) => (await import('./commands/demo.ts')).demoCommand(dir, options))

  program
    .command('export')
    .addArgument(new Argument('<target>', 'what the set-up is for').choices(['compose', 'kubernetes', 'procfile']))
    .description('write a set-up for several instances: replicas behind a proxy, Redis, migrations, probes')
    .examples(
      `
  $ election-dev export compose                          into deploy/compose, behind nginx
  $ election-dev export compose --proxy caddy --replicas 3
  $ election-dev export kubernetes --host election.example.org --image example.org/election:1
  $ election-dev export procfile --dry-run`,
    )
    .runs(async (target: string, options: OptionsOf<'export'>) => (await import('./commands/export.ts')).exportCommand(target, options))

  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish', 'powershell']))
    .argument('[words...]', 'what is typed: the scripts ask with it, behind --')
    .description(
      `print what teaches a shell the commands and options: ${process.platform === 'win32' ? 'election-dev completion powershell | Out-String | Invoke-Expression' : 'source <(election-dev completion bash)'}`,
    )
    .runs(async (shell: string, words: string[]) => (await import('./commands/completion.ts')).completionCommand(shell, words, program))

  for (const command of program.commands)
    command.exitOverride().showHelpAfterError(`(election-dev ${command.name()} --help lists the options)`)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return status
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { reportError } = await import('./commands/failure.ts')
    return reportError(error, { json: argv.includes('--json') })
  }
}
