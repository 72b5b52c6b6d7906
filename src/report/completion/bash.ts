import { quoted, functionName, type Offer, type OptionShape, type ProgramShape } from './shape.ts'

/** Works without the package bash-completion, and on the bash 3.2 of macOS. */
export function bash(program: ProgramShape): string {
  const name = functionName(program.name)
  const names = program.commands.map((command) => command.name)
  const patterns = program.commands.flatMap((command) =>
    command.options.flatMap(({ flags, value }) =>
      value === undefined ? [] : [{ pattern: flags.map((flag) => quoted(`${command.name} ${flag}`)).join('|'), value }],
    ),
  )
  const offer = (value: Offer): string => {
    switch (value.kind) {
      case 'words':
        return `COMPREPLY=($(compgen -W ${quoted(value.words.join(' '))} -- "$current"))`
      case 'files':
        return `${name}_paths -f`
      case 'folders':
        return `${name}_paths -d`
      case 'nothing':
        return 'COMPREPLY=()'
    }
  }
  const perArgument = program.commands.flatMap((command) =>
    command.arguments.map(({ offer: value, variadic }, index) => {
      const at = variadic ? `${quoted(`${command.name} `)}*` : quoted(`${command.name} ${index}`)
      return `    ${at}) ${offer(value)} ;;`
    }),
  )
  return `# source <(${program.name} completion bash)   # in ~/.bashrc
${name}_paths() {
  local IFS=$'\\n'
  compopt -o filenames 2> /dev/null
  COMPREPLY=($(compgen "$1" -- "$current"))
}
${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" position=0 index word
  # --proxy=ng comes as three words
  if [[ $current == "=" ]]; then current=""; elif [[ $previous == "=" ]]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ -z $command ]]; then
      if [[ $word != -* ]]; then command="$word"; fi
      continue
    fi
    case "$command $word" in
      ${patterns.length === 0 ? "''" : patterns.map(({ pattern }) => pattern).join('|')}) if [[ \${COMP_WORDS[index + 1]} == "=" ]]; then index=$((index + 2)); else index=$((index + 1)); fi ;;
      *' -'*) ;;
      *) position=$((position + 1)) ;;
    esac
  done
  COMPREPLY=()
  case "$command $previous" in
${patterns.map(({ pattern, value }) => `    ${pattern}) ${offer(value)}; return ;;`).join('\n')}
  esac
  if [[ $current == -* ]]; then
    case "$command" in
${program.commands.map((command) => `      ${quoted(command.name)}) COMPREPLY=($(compgen -W ${quoted(flagsIn(command.options).join(' '))} -- "$current")) ;;`).join('\n')}
      *) COMPREPLY=($(compgen -W ${quoted(flagsIn(program.options).join(' '))} -- "$current")) ;;
    esac
    return
  fi
  case "$command $position" in
    ' 0') COMPREPLY=($(compgen -W ${quoted(names.join(' '))} -- "$current")) ;;
${perArgument.join('\n')}
  esac
}
complete -F ${name} ${program.name}
`
}

const flagsIn = (options: readonly OptionShape[]): string[] => options.flatMap(({ flags }) => flags)
