import { Argument, Command, CommanderError, Option } from 'commander'
import packageJson from '../package.json' with { type: 'json' }
import {
  collect,
  commonOptions,
  exitCodes,
  exportOptions,
  launchOptions,
  layerOptions,
  number,
  projectOptions,
  smokeOptions,
  stackOptions,
} from './cli-options.ts'
import { runCommands } from './cli-runs.ts'

/** The version of this package. */
export const version: string = packageJson.version

/** Options of the command line as commander hands them over. */
type Options = Readonly<Record<string, unknown>>

/**
 * Runs the command line and gives the exit status. Help and parsing only: each
 * command is loaded when it is asked for.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let status = 0
  const program = new Command('election-dev')
    .description(
      "From a Django Channels checkout to a proven WebSocket with one command.\nWhen it can't work: the one cause, its evidence, and the command that fixes it.",
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev demo                 lay out a small election backend, start it, prove its WebSocket
  $ election-dev start                in your checkout: start the backend, prove its WebSocket, stay up
  $ election-dev start --setup        the same on a fresh clone: makes what is missing first
  $ election-dev start --detach       the same in the background: status, logs -f, restart, stop
  $ election-dev verify               is the WebSocket of the running backend sound?
  $ election-dev smoke -- npm test    start, prove, run a command against it, end all of it: for CI
  $ election-dev doctor               why does the WebSocket not work, and what fixes it?
  $ election-dev env                  which channel layer would be written to .env, as a diff
  $ election-dev init                 a configuration out of the scripts that started the project until now
${exitCodes}`,
    )
    .exitOverride()
    .showHelpAfterError('(election-dev --help lists the commands)')

  const start = program
    .command('start')
    .description('start the backend on an ASGI server, prove its WebSocket, stay up until Ctrl+C')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev start
  $ election-dev start --setup                      fresh clone: environment, packages, .env, tables, a user
  $ election-dev start --port 8001 --strict-port
  $ election-dev start --channel-layer redis        use Redis, and fail where it can't be used
  $ ELECTION_DEV_TOKEN=… election-dev start         prove it with a token of yours
  $ election-dev start --json                       one JSON event a line
  $ election-dev start --detach                     in the background: status, logs -f, restart, stop
  $ election-dev start --takeover                   end the earlier server of this project that holds the port

Every option has its key in election-dev.config.{json,js,mjs,ts} and a variable:
--port is "port" there and ELECTION_DEV_PORT in the environment.
${exitCodes}`,
    )
    .action(async (options: Options) => {
      const { startCommand } = await import('./commands/start-command.ts')
      status = await startCommand(options, version)
    })
  projectOptions(start)
  launchOptions(start)
  stackOptions(start)

  start.option('--detach', 'run in the background once the WebSocket was tried: status, logs, restart and stop go on from there')
  runCommands(program, version, (code) => {
    status = code
  })

  const verify = program
    .command('verify')
    .argument('[url]', 'the WebSocket; default: the one of the run that is up in this folder, else of its project')
    .description('prove a WebSocket that is already served: TCP, HTTP, handshake, 2 s hold, ping')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev verify
  $ election-dev verify ws://127.0.0.1:8000/ws/election-updates/ --origin http://localhost:3000
  $ ELECTION_DEV_TOKEN=… election-dev verify wss://example.org/ws/election-updates/
  $ election-dev verify --url ws://a:8000/ws/x/ --url ws://b:8000/ws/x/ --send '{"type":"vote","note":"{marker}"}' --count 100
                                      does what is sent at one instance reach a socket at the other, and back?
${exitCodes}`,
    )
    .action(async (url: string | undefined, options: Options) => {
      const { verifyCommand } = await import('./commands/verify.ts')
      status = await verifyCommand(url, options, version)
    })
  projectOptions(verify)
  verify.addOption(new Option('--hold <ms>', 'how long the socket is held open, in milliseconds (default 2000)').argParser(number))
  verify.addOption(new Option('--port <port>', 'port of the backend (default 8000)').argParser(number))
  verify.addOption(new Option('--host <address>', 'address of the backend (default 127.0.0.1)'))
  verify
    .addOption(
      new Option('--url <url>', 'the WebSocket; given again: further instances, between which broadcasts must cross').argParser(collect),
    )
    .option('--send <json>', 'several URLs: the message that makes the application broadcast; {marker} in it becomes a random word')
    .option('--expect <json>', 'what the message that arrives must contain (default: the marker, else any message)')
    .addOption(new Option('--count <n>', 'how often it is sent at each instance (default 1)').argParser(number))

  const smoke = program
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
    .action(async (command: string[], options: Options) => {
      const { smokeCommand } = await import('./commands/smoke.ts')
      status = await smokeCommand(command, options, version)
    })
  projectOptions(smoke)
  launchOptions(smoke)
  smokeOptions(smoke)

  const doctor = program
    .command('doctor')
    .argument('[checks...]', 'run these checks alone; or: explain <id>')
    .description('name the one cause of a broken WebSocket, with its evidence and the command that fixes it')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev doctor
  $ election-dev doctor --url ws://localhost:8000/ws/election-updates/ --origin http://localhost:3000
  $ election-dev doctor --url ws://a:8000/ws/x/ --url ws://b:8000/ws/x/    two instances of one backend
  $ election-dev doctor --fix                     fix what can be fixed, after showing it
  $ election-dev doctor --undo                    put back what the last --fix has changed
  $ election-dev doctor --list                    every check
  $ election-dev doctor explain redis-too-old     the page on one
  $ election-dev doctor redis-too-old redis-oom   these checks alone
${exitCodes}`,
    )
    .action(async (checks: string[], options: Options) => {
      const { doctorCommand } = await import('./commands/doctor.ts')
      status = await doctorCommand(checks, options, version)
    })
  projectOptions(doctor)
  doctor
    .addOption(new Option('--url <url>', 'the WebSocket that the page opens; given again: further instances').argParser(collect))
    .addOption(new Option('--port <port>', 'port of the backend (default 8000)').argParser(number))
    .addOption(new Option('--host <address>', 'address of the backend (default 127.0.0.1)'))
    .addOption(new Option('--hold <ms>', 'how long a socket is held open, in milliseconds (default 2000)').argParser(number))
    .option('--list', 'list the checks')
    .option('--fix', 'fix the cause: by itself where that is safe, after asking where it is not')
    .option('--yes', 'with --fix: take every question for answered with yes')
    .option('--undo', 'put back what the newest --fix has changed')

  const env = program
    .command('env')
    .description("show what the channel layer's choice would change in .env; --write changes it")
    .option('--write', 'write it')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev env                              what would start decide, and why
  $ election-dev env --channel-layer memory       as a diff
  $ election-dev env --channel-layer redis --write
${exitCodes}`,
    )
    .action(async (options: Options) => {
      const { envCommand } = await import('./commands/env.ts')
      status = await envCommand(options)
    })
  projectOptions(env)
  layerOptions(env)

  const init = program
    .command('init')
    .description('write a configuration, npm scripts, a CI job and a .gitignore line out of what the project has; shows a diff first')
    .addHelpText(
      'after',
      `
Reads start-services.ps1, start-services.bat, start.ps1, start-server.ps1, stop-services.ps1, Procfile,
docker-compose.yml, Makefile and package.json, and says what it took from where.

Examples:
  $ election-dev init                             shows what it would write, and asks
  $ election-dev init --yes                       writes it
  $ election-dev init --settings                  also lets USE_REDIS_FOR_CHANNELS choose the channel layer
  $ election-dev init --ci gitlab
${exitCodes}`,
    )
    .action(async (options: Options) => {
      const { initCommand } = await import('./commands/init.ts')
      status = await initCommand(options)
    })
  commonOptions(init)
  init
    .option('--dry-run', 'show the diff, and write nothing; status 1 where there is something to do')
    .option('--yes', 'write it without asking')
    .option('--settings [module]', 'also add the choice of the channel layer to the settings')
    .option('--backend <folder>', 'folder that holds manage.py')
    .option('--application <name>', 'ASGI application, such as core.asgi:application')
    .addOption(
      new Option('--ci <kind>', 'CI job to write (default: github, or gitlab where .gitlab-ci.yml is)').choices([
        'github',
        'gitlab',
        'none',
      ]),
    )

  const demo = program
    .command('demo')
    .argument('[dir]', 'where the demo is laid out', 'election-demo')
    .description('lay out a small election backend, make its environment, start it, prove its WebSocket')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev demo
  $ election-dev demo /tmp/election --port 8010
${exitCodes}`,
    )
    .action(async (dir: string, options: Options) => {
      const { demoCommand } = await import('./commands/demo.ts')
      status = await demoCommand(dir, options, version)
    })
  commonOptions(demo)
  launchOptions(demo)

  const exportSetUp = program
    .command('export')
    .addArgument(new Argument('<target>', 'what the set-up is for').choices(['compose', 'kubernetes', 'procfile']))
    .description('write a set-up for several instances: replicas behind a proxy, Redis, migrations, probes')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev export compose                          into deploy/compose, behind nginx
  $ election-dev export compose --proxy caddy --replicas 3
  $ election-dev export kubernetes --host election.example.org --image example.org/election:1
  $ election-dev export procfile --dry-run
${exitCodes}`,
    )
    .action(async (target: string, options: Options) => {
      const { exportCommand } = await import('./commands/export.ts')
      status = await exportCommand(target, options)
    })
  projectOptions(exportSetUp)
  exportOptions(exportSetUp)

  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish', 'powershell']))
    .argument('[words...]', 'what is typed: the scripts ask with it, behind --')
    .description('print what teaches a shell the commands and options: source <(election-dev completion bash)')
    .action(async (shell: string, words: string[]) => {
      const { completionCommand } = await import('./commands/completion.ts')
      status = await completionCommand(shell, words, program)
    })

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
