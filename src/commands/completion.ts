import type { Argument, Command, Option } from 'commander'
import { readBytes } from '../host/files.ts'
import { ExitCode } from '../errors.ts'
import { nodeHost } from '../host/node-host.ts'

/**
 * `election-dev completion bash|zsh|fish|powershell`: prints the shell's script.
 * On each Tab that asks `completion SHELL -- WORD… :CURRENT`, and gets a line for
 * each word that fits, its description behind a tab, or `:files` or `:folders`.
 * So a script never lags behind the command line. Gives 0.
 */
export async function completionCommand(shell: string, words: readonly string[], program: Command): Promise<number> {
  const { terminal } = nodeHost()
  if (words.length > 0) for (const line of offersFor(program, words)) terminal.out(line)
  else terminal.out((await readBytes(new URL(`../../templates/completion/${shell}`, import.meta.url))).toString().trimEnd())
  return ExitCode.ok
}

/** What fits at the last of the words, which bears a colon: Windows PowerShell hands over no empty word. Pure. */
function offersFor(program: Command, words: readonly string[]): string[] {
  const current = words.at(-1)?.slice(1) ?? ''
  let command = program
  let position = 0
  let open: Option | undefined
  for (const word of words.slice(0, -1)) {
    // bash makes three words of --proxy=nginx
    if (word === '=') continue
    if (open !== undefined) open = undefined
    else if (word.startsWith('-')) open = optionsOf(command).find((option) => isNamed(option, word) && takesValue(option))
    else if (command === program) {
      const named = program.commands.find((each) => each.name() === word)
      if (named === undefined) return []
      command = named
    } else position += 1
  }
  const [, flag, value] = /^(--[\w-]+)=(.*)$/s.exec(current) ?? []
  if (flag !== undefined) {
    const option = optionsOf(command).find((each) => isNamed(each, flag))
    return fitting(value ?? '', valuesOf(option)).map((line) => (line.startsWith(':') ? line : `${flag}=${line}`))
  }
  if (open !== undefined) return fitting(current, valuesOf(open))
  if (current.startsWith('-'))
    return fitting(
      current,
      optionsOf(command).flatMap(({ short, long, description }) => [short, long].flatMap((name) => described(name, description))),
    )
  if (command === program)
    return fitting(
      current,
      program.commands.flatMap((each) => described(each.name(), each.description())),
    )
  const places = command.registeredArguments
  return fitting(current, valuesOf(places[position] ?? places.findLast(({ variadic }) => variadic)))
}

/** The options that its help shows, the one for the help itself among them. */
const optionsOf = (command: Command): Option[] => command.createHelp().visibleOptions(command)

const isNamed = ({ short, long }: Option, flag: string): boolean => flag === long || flag === short

const takesValue = ({ required, optional }: Option): boolean => required || optional

const described = (name: string | undefined, description: string): string[] =>
  name === undefined ? [] : [`${name}\t${description.split('\n', 1)[0] ?? ''}`]

const fitting = (begin: string, lines: readonly string[]): string[] =>
  lines.filter((line) => line.startsWith(begin) || /^:f\w+s$/.test(line))

/** What a place may hold: its choices, or what the name that help shows for it says. */
function valuesOf(place: Option | Argument | undefined): readonly string[] {
  if (place?.argChoices !== undefined) return place.argChoices
  const name = place === undefined ? '' : 'flags' in place ? /[<[]([\w.-]+)/.exec(place.flags)?.[1] : place.name()
  return name === 'folder' || name === 'dir' ? [':folders'] : name === 'file' ? [':files'] : []
}
