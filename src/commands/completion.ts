import type { Argument, Command, Option } from 'commander'
import { ExitCode, LauncherError } from '../errors.ts'
import { nodeHost } from '../host/node-host.ts'
import { completionScript, shells } from '../report/completion/completion.ts'
import type { ArgumentShape, CommandShape, Offer, OptionShape } from '../report/completion/shape.ts'

/**
 * `election-dev completion bash|zsh|fish|powershell`: prints the shell's script,
 * made from the command line itself, so that it is never behind it. Gives 0.
 */
export async function completionCommand(shell: string, program: Command): Promise<number> {
  const known = shells.find((name) => name === shell)
  if (known === undefined)
    throw new LauncherError('usage', `There is no completion for ${shell}: ${shells.join(', ')}`, { exitCode: ExitCode.usage })
  const shape = { name: program.name(), options: optionsOf(program), commands: program.commands.map((command) => commandShape(command)) }
  // the terminal's lines are for people; a script is many of them at once, its last line end included
  nodeHost().terminal.out(completionScript(known, shape).trimEnd())
  return ExitCode.ok
}

function commandShape(command: Command): CommandShape {
  return {
    name: command.name(),
    description: firstLine(command.description()),
    options: optionsOf(command),
    arguments: command.registeredArguments.map((argument) => argumentShape(argument)),
  }
}

/** The options that its help shows, the one for the help itself among them. */
function optionsOf(command: Command): OptionShape[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => optionShape(option))
}

function optionShape({ short, long, description, argChoices, required, optional, flags }: Option): OptionShape {
  const takesValue = required || optional
  return {
    flags: [short, long].flatMap((flag) => flag ?? []),
    description: firstLine(description),
    value: takesValue ? offerOf(argChoices, /[<[]([\w.-]+)/.exec(flags)?.[1] ?? '') : undefined,
  }
}

function argumentShape(argument: Argument): ArgumentShape {
  return { name: argument.name(), offer: offerOf(argument.argChoices, argument.name()), variadic: argument.variadic }
}

/** What a place may hold: its choices, or what the name that help shows for it says. */
function offerOf(choices: readonly string[] | undefined, name: string): Offer {
  if (choices !== undefined) return { kind: 'words', words: choices }
  if (name === 'folder' || name === 'dir') return { kind: 'folders' }
  if (name === 'file') return { kind: 'files' }
  return { kind: 'nothing' }
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''
