import type { RequirementLine } from '../facts/requirement-lines.ts'
import type { Requirements } from '../facts/requirements.ts'
import { isOldChannels, type PythonChoice } from './environment.ts'

/** What decides about the Channels of a project. */
interface ChannelsFacts {
  /** The environment that was chosen, with the version that is in it. */
  readonly installed: { readonly label: string; readonly version: string | undefined } | undefined
  /** What asks for Channels, with the place as it is shown. */
  readonly lines: readonly (Pick<RequirementLine, 'spec'> & { readonly at: string })[]
  /** Undefined where nobody has looked. */
  readonly speaks: boolean | undefined
}

/** A clause that takes nothing from Channels 3 on: `==2.4.0`, `~=2.4`, `<3`, `<=2.4`. */
const old = /(?:===?|~=|<=|<)\s*(?:[012](?:\.\d+)*(?:\.\*)?|3(?:\.0)*(?=\s*(?:,|;|$)))/
const oldExactly = /(?:===?|~=|<=)\s*3/

const versionsOf = (spec: string): string => spec.replace(/^[^=~<>!]*/, '').replace(/;.*$/, '')

function isOld(spec: string): boolean {
  const versions = versionsOf(spec)
  return old.test(versions) && !oldExactly.test(versions)
}

/** The line that asks for Channels 3 or newer; undefined where none does. */
function asksForNewer<Line extends { readonly spec: string }>(lines: readonly Line[]): Line | undefined {
  return lines.find(({ spec }) => /(?:===?|~=|>=?)\s*(?:[3-9]|\d\d)/.test(versionsOf(spec)))
}

/** The line that asks for Channels 3 or newer, where the environment was left behind with an older one. Pure. */
export function leftBehind(choice: PythonChoice | undefined, requirements: Requirements | undefined): RequirementLine | undefined {
  if (!isOldChannels(choice?.environment?.packages.get('channels'))) return undefined
  const lines = [...(requirements?.lines ?? []), ...(requirements?.development ?? [])]
  return asksForNewer(lines.filter(({ name }) => name === 'channels'))
}

/** Why the project has no WebSocket that this tool can serve: Channels before 3, or none at all; undefined where it may. Pure. */
export function unsupportedChannels({
  installed,
  lines,
  speaks,
}: ChannelsFacts): readonly [title: string, ...evidence: string[]] | undefined {
  const version = installed?.version
  if (version !== undefined)
    return isOldChannels(version) ? [`Channels ${version} is too old`, `${installed?.label ?? ''} has channels ${version}`] : undefined
  // of several lines with conditions another may be the one that holds here
  const pinned = lines.find(({ spec }) => isOld(spec) && (!spec.includes(';') || lines.every((line) => isOld(line.spec))))
  if (pinned !== undefined) return ['The project asks for a Channels that is too old', `${pinned.at} asks for ${pinned.spec}`]
  if (speaks !== false) return undefined
  return [
    'This Django project has no Channels',
    'Neither its requirements nor its settings or any of its Python files name channels, daphne or a WebSocket',
  ]
}
