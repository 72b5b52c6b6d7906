import { askText } from '../host/ask.ts'
import { namesSecret } from '../host/secret-names.ts'
import { wantedVariables } from '../plan/variables.ts'
import type { SetupHost } from './setup-look.ts'
import type { SetupSeen } from './setup.ts'

/** Asks for the variables of which no file says anything, where somebody is there to answer; Enter alone ends it, and nothing is written then. */
export async function askVariables({ host, config, signal }: SetupHost, seen: SetupSeen): Promise<SetupSeen> {
  const left = wantedVariables({ ...seen, examination: seen.failed }, seen.facts)?.left ?? []
  const isWritable = left.every(
    ({ variable, target }) => target?.kind === 'dotenv' || (target?.kind === 'configuration' && !namesSecret(variable.name)),
  )
  if (!host.terminal.interactive || config.json || !isWritable) return seen
  const typed = new Map<string, string>()
  for (const { variable } of left) {
    const { name, file, line } = variable
    const question = `${name}, which ${file}:${line} asks for and no file here says (Enter: leave it):`
    const answer = await askText(host, question, { hidden: namesSecret(name), signal })
    if (answer === undefined || answer === '') return seen
    host.secrets.addNamed(name, answer)
    typed.set(name, answer)
  }
  return { ...seen, facts: { ...seen.facts, typed } }
}
