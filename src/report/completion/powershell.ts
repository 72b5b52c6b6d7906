import { type Offer, type OptionShape, type ProgramShape } from './shape.ts'

/** For PowerShell 5.1 and 7; files and folders are what it completes by itself where a script offers nothing. */
export function powershell(program: ProgramShape): string {
  const commands = program.commands.map(({ name, description, options, arguments: places }) => {
    const values = options.flatMap(({ flags, value }) =>
      value === undefined ? [] : flags.map((flag) => `${text(flag)} = ${words(value)}`),
    )
    const first = places[0]?.offer ?? { kind: 'nothing' }
    return `${text(name)} = @{ Tip = ${text(description)}; First = ${words(first)}; Values = ${table(values, '    ')}; Options = ${table(tip(options), '    ')} }`
  })
  return `# ${program.name} completion powershell | Out-String | Invoke-Expression   # in $PROFILE
Register-ArgumentCompleter -Native -CommandName ${text(program.name)} -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $commands = ${table(commands, '  ')}
  $own = ${table(tip(program.options), '  ')}
  $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  $command = $null
  foreach ($word in ($words | Select-Object -Skip 1)) { if (-not $word.StartsWith('-')) { $command = $word; break } }
  $previous = if ($words.Count -gt 0) { $words[$words.Count - 1] } else { '' }
  $offers = @{}
  if ($null -eq $command) {
    if ($wordToComplete.StartsWith('-')) { $offers = $own } else { foreach ($name in $commands.Keys) { $offers[$name] = $commands[$name].Tip } }
  } elseif ($commands.ContainsKey($command)) {
    $shape = $commands[$command]
    if ($shape.Values.ContainsKey($previous)) { foreach ($value in $shape.Values[$previous]) { $offers[$value] = $value } }
    elseif ($wordToComplete.StartsWith('-')) { $offers = $shape.Options }
    elseif ($previous -eq $command) { foreach ($value in $shape.First) { $offers[$value] = $value } }
  }
  $offers.Keys | Where-Object { $_.StartsWith($wordToComplete) } | Sort-Object | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $offers[$_])
  }
}
`
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

const list = (values: readonly string[]): string => `@(${values.map((value) => text(value)).join(', ')})`

const tip = (options: readonly OptionShape[]): string[] =>
  options.flatMap(({ flags, description }) => flags.map((flag) => `${text(flag)} = ${text(description)}`))

const words = (offer: Offer): string => (offer.kind === 'words' ? list(offer.words) : '@()')

const table = (entries: readonly string[], indent: string): string =>
  `@{${entries.map((entry) => `\n${indent}  ${entry}`).join('')}\n${indent}}`
