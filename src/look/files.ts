import { evidenceOfWire, type Evidence } from '../checks/evidence.ts'
import type { Config } from '../config/config.ts'
import type { Checkout } from '../facts/checkout.ts'
import { surveyDotenv } from '../facts/dotenv-survey.ts'
import { usualPath } from '../facts/project.ts'
import { readLines } from '../facts/settings-lines.ts'
import type { Host } from '../host/host.ts'
import { choosePython } from '../plan/environment.ts'
import { untried } from '../verify/prove.ts'
import { endpointAt } from './target.ts'

/** What the files and the variables alone tell; nothing of the project is run, and nothing is asked. Never throws. */
export async function evidenceOfFiles(host: Host, config: Config, checkout: Checkout): Promise<Evidence> {
  const { project, python, requirements } = checkout
  const [dotenv, settingsLines] = await Promise.all([surveyDotenv(host, project), readLines(project)])
  const wire = untried(endpointAt(config, project, config.port, config.path ?? usualPath), { ours: true })
  const choice = choosePython(python, requirements?.names)
  return { ...evidenceOfWire(wire), checkout, choice, dotenv, env: host.env, settingsLines }
}
