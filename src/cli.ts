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
  $ election-dev demo                 set up a small election backend, start it, prove its WebSocket
  $ election-dev start                in your checkout: start the backend, prove its WebSocket, stay up
  $ election-dev start --setup        the same on a fresh clone: creates what is missing first
  $ election-dev start --detach       the same in the background: status, logs -f, restart, stop
  $ election-dev verify               does the running backend's WebSocket work?
  $ election-dev smoke -- npm test    start, prove, run a command against it, stop it all: for CI
  $ election-dev doctor               why does the WebSocket not work, and what fixes it?
  $ election-dev env                  which channel layer would be written to .env, as a diff
  $ election-dev init                 a configuration from the scripts that started the project so far`,
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
  $ election-dev start --channel-layer redis        use Redis, and fail if it can't be used
  $ ELECTION_DEV_TOKEN=… election-dev start         prove it with your token
  $ election-dev start --json                       one JSON event per line
  $ election-dev start --detach                     in the background: status, logs -f, restart, stop
  $ election-dev start --takeover                   end this project's earlier server that holds the port

Every option has its key in election-dev.config.{json,js,mjs,ts} and a variable:
--port is "port" there and ELECTION_DEV_PORT in the environment.`,
    )
    .runs(async (options: OptionsOf<'start'>) => (await import('./commands/start-command.ts')).startCommand(options))

  program
    .command('status')
    .description('what runs here: services, addresses, the WebSocket, uptime, the last failure')
    .examples(
      `
  $ election-dev status                           0: up and proven; 1: nothing runs, or something is wrong
  $ election-dev status --json                    one document, with a schema`,
    )
    .runs(async (options: OptionsOf<'status'>) => (await import('./commands/status.ts')).statusCommand(options))

  program
    .command('logs')
    .argument('[service]', 'only this service, such as backend; election-dev is the launcher itself')
    .description('what a background run has printed; with -f, also what it prints next')
    .examples(
      `
  $ election-dev logs                             the last 200 lines, even of a run that has ended
  $ election-dev logs -f backend                  until the run ends
  $ election-dev logs -n 1000 --timestamps`,
    )
    .runs(async (service: string | undefined, options: OptionsOf<'logs'>) =>
      (await import('./commands/logs.ts')).logsCommand(service, options),
    )

  program
    .command('restart')
    .argument('[service]', 'only this service, such as backend')
    .description('restart a service of the run, or all of them, and prove the WebSocket again')
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
    .description('end the run in this folder: exactly what was started, and nothing else')
    .examples(
      `
  $ election-dev stop                             0: nothing is left of it, or nothing ran
  $ election-dev stop --all                       all runs in this folder`,
    )
    .runs(async (options: OptionsOf<'stop'>) => (await import('./commands/stop.ts')).stopCommand(options))

  program
    .command('verify')
    .argument('[url]', "the WebSocket; default: that of this folder's run, else of its project")
    .description('prove a WebSocket that is already served: TCP, HTTP, handshake, 2 s hold, ping')
    .examples(
      `
  $ election-dev verify
  $ election-dev verify ws://127.0.0.1:8000/ws/election-updates/ --origin http://localhost:3000
  $ ELECTION_DEV_TOKEN=… election-dev verify wss://example.org/ws/election-updates/
  $ election-dev verify --url ws://a:8000/ws/x/ --url ws://b:8000/ws/x/ --send '{"type":"vote","note":"{marker}"}' --count 100
                                      does a message sent to one instance reach a socket on the other, and back?`,
    )
    .runs(async (url: string | undefined, options: OptionsOf<'verify'>) =>
      (await import('./commands/verify.ts')).verifyCommand(url, options),
    )

  program
    .command('smoke')
    .argument('[command...]', 'what to run once all is proven, after --')
    .description('start, prove the WebSocket, run a command against it, stop it all: for CI')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev smoke                              start, prove (2 s hold, ping, broadcast), end
  $ election-dev smoke -- npx playwright test       the same, with the tests in between
  $ election-dev smoke --setup --reporter text --reporter junit=smoke.xml
  $ election-dev smoke --timeout 60000 --json       one JSON document (dist/smoke.schema.json)

The command gets ELECTION_DEV_URL, ELECTION_DEV_WS_URL and ELECTION_DEV_ORIGIN, with a frontend
ELECTION_DEV_PAGE_URL, and ELECTION_DEV_TOKEN if you set one. It runs only if all is proven.
Reporters: text, json, junit, github; KIND=FILE writes to a file. Default: text, and github in GitHub Actions.
Only the backend is started, since it is what is proven; --frontend, or "frontend" and "services" in the
configuration, add to it. Nothing is watched, restarted, opened or asked.

Exit codes: the command's own (128 + n: ended by signal n; 127: no such program), 1 for a finding,
2 for usage and configuration, 130 and 143 if it was stopped.`,
    )
    .runs(async (command: string[], options: OptionsOf<'smoke'>) => (await import('./commands/smoke.ts')).smokeCommand(command, options))

  program
    .command('doctor')
    .argument('[checks...]', 'run only these checks; or: explain <id>')
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
  $ election-dev doctor redis-too-old redis-oom   only these checks`,
    )
    .runs(async (checks: string[], options: OptionsOf<'doctor'>) => (await import('./commands/doctor.ts')).doctorCommand(checks, options))

  program
    .command('env')
    .description('show what choosing a channel layer would change in .env; --write changes it')
    .examples(
      `
  $ election-dev env                              what start would decide, and why
  $ election-dev env --channel-layer memory       as a diff
  $ election-dev env --channel-layer redis --write`,
    )
    .runs(async (options: OptionsOf<'env'>) => (await import('./commands/env.ts')).envCommand(options))

  program
    .command('init')
    .description('write a configuration, npm scripts and a .gitignore line from what the project has; shows a diff first')
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
  $ election-dev init --replace-scripts           start-services.ps1 and the like become one call each
  $ election-dev init --ci gitlab`,
    )
    .runs(async (options: OptionsOf<'init'>) => (await import('./commands/init.ts')).initCommand(options))

  program
    .command('demo')
    .argument('[dir]', 'where to put the demo', 'election-demo')
    .description('set up a small election backend with its environment, start it, prove its WebSocket')
    .examples(
      `
  $ election-dev demo
  $ election-dev demo /tmp/election --port 8010`,
    )
    .runs(async (dir: string, options: OptionsOf<'demo'>) => (await import('./commands/demo.ts')).demoCommand(dir, options))

  program
    .command('export')
    .addArgument(new Argument('<target>', 'what the setup is for').choices(['compose', 'kubernetes', 'procfile']))
    .description('write a setup for several instances: replicas behind a proxy, Redis, migrations, probes')
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
    .argument('[words...]', "what is typed: for the scripts' own use, after --")
    .description(
      `print a script that teaches a shell the commands and options: ${process.platform === 'win32' ? 'election-dev completion powershell | Out-String | Invoke-Expression' : 'source <(election-dev completion bash)'}`,
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
