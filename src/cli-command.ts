import { Command, InvalidArgumentError, Option } from 'commander'
import { optionsAt } from './config/options/call.ts'
import { dashed, defaultWords, isNegated, isNumber } from './config/options/keys.ts'
import type { Option as Row } from './config/options/option.ts'
import { withoutEscapes } from './host/escape-codes.ts'

/** A command that gives an exit status: to whoever is `told`. Its options are those of the table under its name. */
export class CliCommand extends Command {
  readonly #told: (status: number) => void

  constructor(name: string | undefined, told: (status: number) => void) {
    super(name)
    this.#told = told
    // it repeats what it doesn't know
    this.configureOutput({ outputError: (text, write) => write(withoutEscapes(text)) })
  }

  override createCommand(name?: string): CliCommand {
    const command = new CliCommand(name, this.#told)
    for (const [key, row] of optionsAt(name ?? '')) command.#add(key, row)
    return command
  }

  /** Below its help: how it is called, and what its exit status means. */
  examples(text: string): this {
    return this.addHelpText('after', `\nExamples:${text}\n${exitCodes}`)
  }

  /** An option of the table. */
  #add(key: string, row: Row): void {
    const { takes, flag, letter, about, no } = row
    const usual = isNegated(row) ? undefined : defaultWords(row)
    const told = usual === undefined ? '' : ` (default${row.unset === undefined ? ' ' : ': '}${usual})`
    const name = dashed(row.name ?? key)
    if (flag !== undefined) {
      const option = new Option(`${letter === undefined ? '' : `-${letter}, `}--${name} ${flag}`.trimEnd(), `${about}${told}`)
      if (typeof takes === 'object' && 'words' in takes) option.choices(takes.words)
      else if (isNumber(takes)) option.argParser(number)
      else if (takes === 'names') option.argParser(list)
      else if (takes === 'repeated') option.argParser(collect)
      this.addOption(option)
    }
    if (no !== undefined) this.option(`--no-${name}`, no)
  }

  /** What it does, once its options are read. */
  runs<Given extends readonly unknown[]>(work: (...given: Given) => Promise<number>): this {
    return this.action(async (...given: Given) => this.#told(await work(...given)))
  }
}

const exitCodes = `
Exit codes:
  0    the WebSocket is proven, or the command did what it was asked
  1    a finding: the problem was reported, with its id
  2    could not run: usage or configuration
  130  stopped by Ctrl+C (SIGINT); 143 by SIGTERM; 129 by a closed terminal`

/** A whole number, as commander hands it over. Throws InvalidArgumentError. */
function number(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('It must be a number.')
  return Number(value)
}

/** An option that may be given more than once. */
function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value]
}

/** Names with commas between them. */
function list(value: string): readonly string[] {
  return value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
