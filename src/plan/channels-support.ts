import type { RequirementLine } from '../facts/requirement-lines.ts'

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

/** Why the project has no WebSocket that this tool can serve: Channels before 3, or none at all; undefined where it may. Pure. */
export function unsupportedChannels({
  installed,
  lines,
  speaks,
}: ChannelsFacts): readonly [title: string, ...evidence: string[]] | undefined {
  const version = installed?.version
  if (version !== undefined)
    return /^[012]\./.test(version) ? [`Channels ${version} is too old`, `${installed?.label ?? ''} has channels ${version}`] : undefined
  const pinned = lines.find(({ spec }) => {
    const versions = spec.replace(/^[^=~<>!]*/, '').replace(/;.*$/, '')
    return old.test(versions) && !oldExactly.test(versions)
  })
  if (pinned !== undefined) return ['The project asks for a Channels that is too old', `${pinned.at} asks for ${pinned.spec}`]
  if (speaks !== false) return undefined
  return [
    'This Django project has no Channels',
    'Neither its requirements nor its settings or any of its Python files name channels, daphne or a WebSocket',
  ]
}
