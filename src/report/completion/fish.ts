import { type Offer, type OptionShape, type ProgramShape } from './shape.ts'

/** For fish 3 and newer. */
export function fish(program: ProgramShape): string {
  const line = (condition: string, rest: string): string => `complete -c ${program.name} -n ${escape(condition)} ${rest}`
  const option = (condition: string, { flags, description, value }: OptionShape): string => {
    const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ')
    return line(condition, `${names}${value === undefined ? '' : ` ${offer(value)}`} -d ${escape(description)}`)
  }
  const perCommand = program.commands.flatMap((command) => {
    const seen = `__fish_seen_subcommand_from ${command.name}`
    const first = command.arguments[0]?.offer
    const words =
      first?.kind === 'words'
        ? [line(`${seen}; and not __fish_seen_subcommand_from ${first.words.join(' ')}`, `-a ${escape(first.words.join(' '))}`)]
        : first?.kind === 'folders'
          ? [line(seen, `-a '(__fish_complete_directories)'`)]
          : first?.kind === 'files'
            ? [line(seen, '-F')]
            : []
    return [...command.options.map((shape) => option(seen, shape)), ...words]
  })
  return `# ${program.name} completion fish > ~/.config/fish/completions/${program.name}.fish
complete -c ${program.name} -f
${program.options.map((shape) => option('__fish_use_subcommand', shape)).join('\n')}
${program.commands.map(({ name, description }) => line('__fish_use_subcommand', `-a ${escape(name)} -d ${escape(description)}`)).join('\n')}
${perCommand.join('\n')}
`
}

const escape = (text: string): string => `'${text.replace(/[\\']/g, String.raw`\$&`)}'`

const offer = (value: Offer): string => {
  switch (value.kind) {
    case 'words':
      return `-x -a ${escape(value.words.join(' '))}`
    case 'files':
      return '-r -F'
    case 'folders':
      return `-x -a '(__fish_complete_directories)'`
    case 'nothing':
      return '-x'
  }
}
