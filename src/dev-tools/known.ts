import type { DevLaunch, DevTool } from './dev-tool.ts'
import * as list from './dev-tools.ts'

type Listed = (typeof list)[keyof typeof list]
/** `other` is any program that the launcher tells of no port. */
export type ToolName = Extract<Listed, { launch: unknown }>['name'] | 'other'
/** One that the launcher runs. */
type Launched = DevTool & { readonly name: ToolName; readonly launch: DevLaunch }

export const devTools: readonly DevTool[] = Object.values(list)
/** Those that the launcher runs, in the order of preference. */
export const launchedTools: readonly Launched[] = Object.values(list)
  .flatMap((tool) => ('launch' in tool ? [tool] : []))
  .toSorted((one, other) => one.launch.preference - other.launch.preference)

/** What is known of one that is run; undefined of any other program. */
export const toolNamed = (name: ToolName): Launched | undefined => launchedTools.find((tool) => tool.name === name)

/** The package that brings its program. */
export const packageOf = ({ name, launch }: Launched): string => launch.package ?? name

/** The tool that serves by these words; undefined where none does (`vite build`). */
export function toolServing<Tool extends DevTool>(
  tools: readonly Tool[],
  program: string,
  [first = '']: readonly string[],
): Tool | undefined {
  const word = first.startsWith('-') ? '' : first
  return tools.find(({ name, also, serving }) => (program === name || program === also) && serving.test(word))
}

/** The tool whose file of configuration has this name. */
export const toolConfiguredBy = (file: string): DevTool | undefined =>
  devTools.find(({ config }) => config !== undefined && file.replace(/\.[cm]?[jt]s$/, '/') === `${config.name}/`)
