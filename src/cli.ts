import { Argument, CommanderError } from 'commander'
import { CliCommand } from './cli-command.ts'
import {
  collect,
  commonOptions,
  exportOptions,
  launchOptions,
  layerOptions,
  number,
  pidOption,
  projectOptions,
  smokeOptions,
  stackOptions,
} from './cli-options.ts'
import type { Options } from './config/flags.ts'
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
    .runs(async (options: Options) => (await import('./commands/start-command.ts')).startCommand(options))
    .with(projectOptions, launchOptions, stackOptions)
    .option('--detach', 'run in the background once the WebSocket was tried: status, logs, restart and stop go on from there')

  program
    .command('status')
    .description('what runs here: services, addresses, the WebSocket, how long, what went wrong last')
    .examples(
      `
  $ election-dev status                           0: up and proven; 1: nothing runs, or not all of it is well
  $ election-dev status --json                    one document, with a schema`,
    )
    .runs(async (options: Options) => (await import('./commands/status.ts')).statusCommand(options))
    .with(commonOptions)

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
    .runs(async (service: string | undefined, options: Options) => (await import('./commands/logs.ts')).logsCommand(service, options))
    .with(commonOptions)
    .option('-f, --follow', 'print what comes, until the run ends')
    .option('-n, --lines <lines>', 'how many lines of before (default 200)', number)
    .option('--timestamps', 'begin each line with the time')
    .with(pidOption)

  program
    .command('restart')
    .argument('[service]', 'this service alone, such as backend')
    .description('start a service of the run again, or all of them, and prove the WebSocket anew')
    .examples(
      `
  $ election-dev restart
  $ election-dev restart backend`,
    )
    .runs(async (service: string | undefined, options: Options) => (await import('./commands/restart.ts')).restartCommand(service, options))
    .with(commonOptions, pidOption)

  program
    .command('stop')
    .description('end the run of this folder: exactly what was started, and nothing else')
    .examples(
      `
  $ election-dev stop                             0: nothing is left of it, also where nothing ran
  $ election-dev stop --all                       all runs of this folder`,
    )
    .runs(async (options: Options) => (await import('./commands/stop.ts')).stopCommand(options))
    .with(commonOptions)
    .option('--all', 'end all runs of this folder')
    .with(pidOption)

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
    .runs(async (url: string | undefined, options: Options) => (await import('./commands/verify.ts')).verifyCommand(url, options))
    .with(projectOptions)
    .option('--hold <ms>', 'how long the socket is held open, in milliseconds (default 2000)', number)
    .option('--port <port>', 'port of the backend (default 8000)', number)
    .option('--host <address>', 'address of the backend (default 127.0.0.1)')
    .option('--url <url>', 'the WebSocket; given again: further instances, between which broadcasts must cross', collect)
    .option('--send <json>', 'several URLs: the message that makes the application broadcast; {marker} in it becomes a random word')
    .option('--expect <json>', 'what the message that arrives must contain (default: the marker, else any message)')
    .option('--count <n>', 'how often it is sent at each instance (default 1)', number)
    .option('--browser', 'look at the page in a headless browser as well: is its own WebSocket open?')
    .option('--two', 'with --browser: open two windows, and see a change in one arrive in the other ("page.change" of the configuration)')
    .option('--screenshot <file>', 'with --browser: write a picture of the page to this file')

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
    .runs(async (command: string[], options: Options) => (await import('./commands/smoke.ts')).smokeCommand(command, options))
    .with(projectOptions, launchOptions, smokeOptions)

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
    .runs(async (checks: string[], options: Options) => (await import('./commands/doctor.ts')).doctorCommand(checks, options))
    .with(projectOptions)
    .option('--url <url>', 'the WebSocket that the page opens; given again: further instances', collect)
    .option('--port <port>', 'port of the backend (default 8000)', number)
    .option('--host <address>', 'address of the backend (default 127.0.0.1)')
    .option('--hold <ms>', 'how long a socket is held open, in milliseconds (default 2000)', number)
    .option('--list', 'list the checks')
    .option('--fix', 'fix the cause: by itself where that is safe, after asking where it is not')
    .option('--yes', 'with --fix or --undo: take every question for answered with yes')
    .option(
      '--undo',
      'list what the newest of doctor --fix, start --setup and init changed or made (files, an environment), and take it back after asking',
    )

  program
    .command('env')
    .description("show what the channel layer's choice would change in .env; --write changes it")
    .option('--write', 'write it')
    .examples(
      `
  $ election-dev env                              what would start decide, and why
  $ election-dev env --channel-layer memory       as a diff
  $ election-dev env --channel-layer redis --write`,
    )
    .runs(async (options: Options) => (await import('./commands/env.ts')).envCommand(options))
    .with(projectOptions, layerOptions)

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
    .runs(async (options: Options) => (await import('./commands/init.ts')).initCommand(options))
    .with(commonOptions)
    .option('--dry-run', 'show the diff, and write nothing; status 1 where there is something to do')
    .option('--yes', 'write it without asking')
    .option('--settings [module]', 'also add the choice of the channel layer to the settings')
    .option('--replace-scripts', 'also make each script that started or stopped the project one line that calls election-dev')
    .option('--backend <folder>', 'folder that holds manage.py')
    .option('--application <name>', 'ASGI application, such as core.asgi:application')
    .choice('--ci <kind>', 'CI job to write as well (default: none)', ['github', 'gitlab', 'none'])

  program
    .command('demo')
    .argument('[dir]', 'where the demo is laid out', 'election-demo')
    .description('lay out a small election backend, make its environment, start it, prove its WebSocket')
    .examples(
      `
  $ election-dev demo
  $ election-dev demo /tmp/election --port 8010`,
    )
    .runs(async (dir: string, options: Options) => (await import('./commands/demo.ts')).demoCommand(dir, options))
    .with(commonOptions, launchOptions)

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
    .runs(async (target: string, options: Options) => (await import('./commands/export.ts')).exportCommand(target, options))
    .with(projectOptions, exportOptions)

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
