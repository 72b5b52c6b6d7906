import { parseProcfile } from './procfile.ts'
import { forked, logicalLines, scopeIn, setVariable, type Reading } from './old-scripts-session.ts'
import { entriesOf, lineOf, literalOf } from './script-text.ts'

/** Files that hold commands of sh, each under a name. */

/** `web: daphne -b 0.0.0.0 -p $PORT core.asgi:application` (https://devcenter.heroku.com/articles/procfile). */
export function readProcfile(text: string, reading: Reading): void {
  for (const { name, command, line } of parseProcfile(text).entries) reading.run('shell', command, line, scopeIn('.', name))
}

/** The recipes of a Makefile; each line of one has a shell of its own. Variables are put in as far as they are plain. */
export function readMakefile(text: string, reading: Reading): void {
  const variables = new Map<string, string>()
  const outer = scopeIn('.')
  let target: string | undefined
  for (const { written, line } of logicalLines(text, '\\')) {
    const recipe = /^\t\s*[@+-]*\s*(.*)$/s.exec(written)
    const assignment = /^(?:(export)\s+)?([A-Za-z_]\w*)\s*(?::{0,3}|\?|\+)=\s*(.*?)\s*(?:\s#.*)?$/.exec(written)
    const rule = /^([\w./-]+(?:[ \t]+[\w./-]+)*)\s*::?(?!=)\s*(.*)$/.exec(written)
    if (recipe !== null && target !== undefined) {
      const scope = { ...forked(outer), name: target }
      reading.run('shell', inserted(recipe[1] ?? '', variables).replaceAll('$$', '$'), line, scope)
    } else if (assignment !== null) {
      const [, exported, name = '', value = ''] = assignment
      variables.set(name, inserted(value, variables))
      if (exported !== undefined) setVariable(name, inserted(value, variables), line, outer, reading)
    } else if (rule !== null) {
      target = rule[1]
      const inline = /;\s*(.*)$/.exec(rule[2] ?? '')?.[1]
      if (inline !== undefined) reading.run('shell', inserted(inline, variables), line, { ...forked(outer), name: target })
    }
  }
}

function inserted(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(/\$[({](\w+)[)}]/g, (written, name: string) => variables.get(name) ?? written)
}

/** The scripts of a package.json; those that start election-dev are passed over. */
export function readScripts(text: string, reading: Reading): void {
  const at = /"scripts"\s*:\s*\{/.exec(text)
  if (at === null) return
  for (const entry of entriesOf(text, at.index + at[0].length - 1)) {
    const command = literalOf(entry.value)
    if (command === undefined || /\belection-dev\b/.test(command)) continue
    const plain = command.replace(/\\(["\\])/g, '$1')
    reading.run('shell', plain, lineOf(text, entry.at), scopeIn('.', entry.key))
  }
}
