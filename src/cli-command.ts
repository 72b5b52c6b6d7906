import { Command, Option } from 'commander'
import { withoutEscapes } from './host/escape-codes.ts'

/** A command that gives an exit status: to whoever is `told`. */
export class CliCommand extends Command {
  readonly #told: (status: number) => void

  constructor(name: string | undefined, told: (status: number) => void) {
    super(name)
    this.#told = told
    // it repeats what it doesn't know
    this.configureOutput({ outputError: (text, write) => write(withoutEscapes(text)) })
  }

  override createCommand(name?: string): CliCommand {
    return new CliCommand(name, this.#told)
  }

  /** Below its help: how it is called, and what its exit status means. */
  examples(text: string): this {
    return this.addHelpText('after', `\nExamples:${text}\n${exitCodes}`)
  }

  /** An option that takes one of a few words. */
  choice(flags: string, description: string, words: readonly string[]): this {
    return this.addOption(new Option(flags, description).choices(words))
  }

  /** What many commands take alike. */
  with(...groups: readonly ((command: CliCommand) => void)[]): this {
    for (const add of groups) add(this)
    return this
  }

  /** What it does, once its options are read. */
  runs<Given extends readonly unknown[]>(work: (...given: Given) => Promise<number>): this {
    return this.action(async (...given: Given) => this.#told(await work(...given)))
  }
}

const exitCodes = `
Exit codes:
  0    the WebSocket is proven, or the command did what it was asked
  1    a finding: what is wrong was said, with its id
  2    could not run: usage or configuration
  130  stopped by Ctrl+C (SIGINT); 143 by SIGTERM; 129 by a closed terminal`
