import { quoted, functionName, type ArgumentShape, type Offer, type OptionShape, type ProgramShape } from './shape.ts'

/** For compinit of zsh 5. */
export function zsh(program: ProgramShape): string {
  const name = functionName(program.name)
  const commands = program.commands.map((command) => {
    const specs = [...command.options.flatMap((shape) => option(shape)), ...command.arguments.map((shape, index) => argument(shape, index))]
    return `        ${command.name}) _arguments -s ${specs.join(' ')} ;;`
  })
  return `#compdef ${program.name}
# source <(${program.name} completion zsh)   # in ~/.zshrc, after compinit
${name}() {
  local curcontext="$curcontext" state line
  local -a commands
  typeset -A opt_args
  _arguments -C ${program.options.flatMap((shape) => option(shape)).join(' ')} '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      commands=(${program.commands.map((command) => quoted(`${command.name}:${command.description.replaceAll(':', String.raw`\:`)}`)).join(' ')})
      _describe command commands
      ;;
    argument)
      case $words[1] in
${commands.join('\n')}
      esac
      ;;
  esac
}
if [ "$funcstack[1]" = "${name}" ]; then ${name} "$@"; else compdef ${name} ${program.name}; fi
`
}

const plain = (text: string): string => text.replace(/[[\]:\\]/g, String.raw`\$&`)

const offer = (value: Offer): string => {
  switch (value.kind) {
    case 'words':
      return `(${value.words.map((word) => plain(word)).join(' ')})`
    case 'files':
      return '_files'
    case 'folders':
      return '_files -/'
    case 'nothing':
      return ' '
  }
}

const option = ({ flags, description, value }: OptionShape): string[] =>
  flags.map((flag) => {
    const others = flags.length > 1 ? `(${flags.join(' ')})` : ''
    const long = flag.startsWith('--') && value !== undefined ? '=' : ''
    return quoted(`${others}${flag}${long}[${plain(description)}]${value === undefined ? '' : `:value:${offer(value)}`}`)
  })

const argument = ({ name: label, offer: value, variadic }: ArgumentShape, index: number): string =>
  quoted(`${variadic ? '*' : String(index + 1)}:${plain(label)}:${offer(value)}`)
