import { LauncherError, usageError } from '../errors.ts'
import { nearestName } from './edit-distance.ts'

/** What waits for what: a name, and the names that must be ready before it. */
export interface GraphNode {
  readonly name: string
  readonly dependsOn: readonly string[]
  /** Where its `dependsOn` stands, for messages: `services.worker`. */
  readonly source: string
}

/**
 * The nodes in an order in which each comes after what it depends on; otherwise
 * they stay in the order given. With `only`, those alone and what they depend
 * on. Pure. Throws LauncherError `service-unknown` or `service-cycle` (exit 2).
 */
export function orderNodes<Node extends GraphNode>(nodes: readonly Node[], only: readonly string[], onlySource: string): Node[] {
  const byName = new Map(nodes.map((node) => [node.name, node]))
  const find = (name: string, source: string): Node => {
    const node = byName.get(name)
    if (node === undefined) throw unknownName(name, source, [...byName.keys()])
    return node
  }
  const ordered: Node[] = []
  const visit = (node: Node, path: readonly string[]) => {
    if (path.includes(node.name)) throw cycle([...path.slice(path.indexOf(node.name)), node.name])
    if (ordered.includes(node)) return
    for (const name of node.dependsOn) visit(find(name, `${node.source}.dependsOn`.replace(/^\./, '')), [...path, node.name])
    ordered.push(node)
  }
  const wanted = only.map((name) => find(name, onlySource))
  // a mistake in what isn't wanted today is one all the same
  for (const node of nodes) visit(node, [])
  if (only.length === 0) return ordered
  const needed = new Set<string>()
  const need = (node: Node) => {
    if (needed.has(node.name)) return
    needed.add(node.name)
    for (const name of node.dependsOn) need(find(name, node.source))
  }
  for (const node of wanted) need(node)
  return ordered.filter(({ name }) => needed.has(name))
}

function unknownName(name: string, source: string, names: readonly string[]): LauncherError {
  const nearest = nearestName(name, names)
  return usageError('service-unknown', `${source} names ${name}, and there is no such service`, {
    evidence: [`there are ${names.join(', ')}`],
    hint: nearest === undefined ? 'Name one of those, or add it to "services" in the configuration.' : `Did you mean ${nearest}?`,
  })
}

function cycle(path: readonly string[]): LauncherError {
  const [first = ''] = path
  return usageError(
    'service-cycle',
    path.length === 2 ? `${first} depends on itself` : `${path.join(' → ')}: these services wait for each other`,
    { hint: 'Take one of the names out of its dependsOn: none of them could ever start.' },
  )
}
