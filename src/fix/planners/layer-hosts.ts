import type { Evidence } from '../../checks/evidence.ts'
import { fix, isUndoable, noFix, type Fix, type FixFacts, type NoFix, type Planner } from '../step.ts'
import { addCommands, commandFacts, managerOf, relativeTo, withOwnBounds } from '../../plan/install.ts'
import { replaced, settingsAssignments } from './files.ts'
import { elementsOf, entryOf, spliced } from './python-text.ts'

const [option, older] = ['"socket_timeout": None', 'redis<8']

/** The client of Redis gets no limit for a read: in the settings, where the hosts are written out there, else by an older client. */
export const endlessRead: Planner = (evidence, facts, cause) => {
  for (const found of settingsAssignments(evidence, facts, 'CHANNEL_LAYERS')) {
    const hosts = entryOf(found.text, found.span, 'hosts')
    const endless = hosts === undefined ? undefined : withoutLimit(found.text.slice(hosts.start, hosts.end))
    if (hosts !== undefined && endless !== undefined) return replaced(found, endless, hosts)
  }
  return cause.commands.length === 0
    ? noFix(`the hosts of CHANNEL_LAYERS are not written out in the settings: ${option} belongs to each of them`)
    : olderClient(evidence, facts)
}

function olderClient(evidence: Evidence, facts: FixFacts): Fix | NoFix {
  const around = commandFacts(evidence, facts)
  const { environment } = evidence.choice ?? {}
  if (around === undefined || environment === undefined) return noFix('there is no environment to install into')
  if (!environment.isVirtual) return noFix(`${environment.label} is no virtual environment: nothing is installed into it`)
  const { requirements } = around
  const file = requirements === undefined ? 'the requirements' : relativeTo(around, requirements.file)
  const bounded = withOwnBounds(requirements, older)
  const note = `${bounded} belongs into ${file}, too: what is installed anew from it gets the newest client otherwise`
  const actions = addCommands(around, [older])
  const isKept = actions.every(isUndoable)
  const manager = managerOf(around)
  const back = `doctor --undo puts the files back that ${manager ?? ''} changes; what is installed follows them with its next install`
  // another release in the place of the one that is there is taken back by nobody
  return fix(actions, { restart: true, replaces: !isKept, notes: isKept ? [back] : [note] })
}

/**
 * A list of hosts whose connections read without a limit; undefined where one of
 * them can't be told from its text: a name may stand for a URL as for a dict. Pure.
 */
export function withoutLimit(written: string): string | undefined {
  if (!written.startsWith('[')) return undefined
  const { elements, close } = elementsOf(written, 0)
  if (close !== written.length - 1 || elements.length === 0) return undefined
  let text = written
  for (const { start, end } of elements.toReversed()) {
    const host = hostWithoutLimit(written.slice(start, end))
    if (host === undefined) return undefined
    text = spliced(text, { start, end }, host)
  }
  return text === written ? undefined : text
}

function hostWithoutLimit(host: string): string | undefined {
  // `"redis://…"`, `f"redis://{HOST}"`
  if (/^[rbfuRBFU]{0,2}(["'])(?:(?!\1)[^\\\n])*\1$/.test(host)) return `{"address": ${host}, ${option}}`
  const { elements, close } = elementsOf(host, 0)
  if (close !== host.length - 1) return undefined
  const parts = elements.map(({ start, end }) => host.slice(start, end))
  if (host.startsWith('(') || host.startsWith('[')) {
    const [name, port] = parts
    return name === undefined || port === undefined || parts.length !== 2 ? undefined : `{"host": ${name}, "port": ${port}, ${option}}`
  }
  const last = elements.at(-1)
  if (!host.startsWith('{') || last === undefined) return undefined
  const limit = entryOf(host, { start: 0, end: host.length }, 'socket_timeout')
  if (limit !== undefined) return spliced(host, limit, 'None')
  // a dict that is written out, not a set and not a comprehension
  if (!parts.every((part) => part.startsWith('**') || /^(["'])\w+\1\s*:/.test(part))) return undefined
  const indent = /\n([ \t]*)$/.exec(host.slice(0, last.start))?.[1]
  return spliced(host, { start: last.end, end: last.end }, indent === undefined ? `, ${option}` : `,\n${indent}${option}`)
}
