import { Option, type Command } from 'commander'
import { commonOptions, number, exitCodes } from './cli-options.ts'

/** Options of the command line as commander hands them over. */
type Options = Readonly<Record<string, unknown>>

const pid = () => new Option('--pid <pid>', 'the run of this launcher, where there are several').argParser(number)

/** The commands for a run that is up. */
export function runCommands(program: Command, version: string, done: (status: number) => void): void {
  const status = program
    .command('status')
    .description('what runs here: services, addresses, the WebSocket, how long, what went wrong last')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev status                           0: up and proven; 1: nothing runs, or not all of it is well
  $ election-dev status --json                    one document, with a schema
${exitCodes}`,
    )
    .action(async (options: Options) => {
      const { statusCommand } = await import('./commands/status.ts')
      done(await statusCommand(options, version))
    })
  commonOptions(status)

  const logs = program
    .command('logs')
    .argument('[service]', 'this service alone, such as backend; election-dev is the launcher itself')
    .description('what a run in the background has printed, and with -f what it prints')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev logs                             the last 200 lines, also of a run that has ended
  $ election-dev logs -f backend                  until the run ends
  $ election-dev logs -n 1000 --timestamps
${exitCodes}`,
    )
    .action(async (service: string | undefined, options: Options) => {
      const { logsCommand } = await import('./commands/logs.ts')
      done(await logsCommand(service, options))
    })
  commonOptions(logs)
  logs
    .option('-f, --follow', 'print what comes, until the run ends')
    .addOption(new Option('-n, --lines <lines>', 'how many lines of before (default 200)').argParser(number))
    .option('--timestamps', 'begin each line with the time')
    .addOption(pid())

  const restart = program
    .command('restart')
    .argument('[service]', 'this service alone, such as backend')
    .description('start a service of the run again, or all of them, and prove the WebSocket anew')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev restart
  $ election-dev restart backend
${exitCodes}`,
    )
    .action(async (service: string | undefined, options: Options) => {
      const { restartCommand } = await import('./commands/restart.ts')
      done(await restartCommand(service, options, version))
    })
  commonOptions(restart)
  restart.addOption(pid())

  const stop = program
    .command('stop')
    .description('end the run of this folder: exactly what was started, and nothing else')
    .addHelpText(
      'after',
      `
Examples:
  $ election-dev stop                             0: nothing is left of it, also where nothing ran
  $ election-dev stop --all                       all runs of this folder
${exitCodes}`,
    )
    .action(async (options: Options) => {
      const { stopCommand } = await import('./commands/stop.ts')
      done(await stopCommand(options))
    })
  commonOptions(stop)
  stop.option('--all', 'end all runs of this folder').addOption(pid())
}
