import type { Diagnosis } from '../checks/diagnosis.ts'
import { judgeUnreadChoice } from '../checks/dotenv-sources.ts'
import { evidenceOfWire, type Evidence } from '../checks/evidence.ts'
import { redisCauses } from '../checks/redis-layer.ts'
import { givenFlags } from '../config/again.ts'
import type { Config } from '../config/config.ts'
import { speaksOfChannels } from '../facts/channels-use.ts'
import type { Checkout } from '../facts/checkout.ts'
import { surveyDotenv } from '../facts/dotenv-survey.ts'
import type { RedisNow } from '../facts/redis-now.ts'
import { installersOf } from '../facts/programs.ts'
import { readLines } from '../facts/settings-lines.ts'
import type { Host } from '../host/host.ts'
import { choosePython } from '../plan/environment.ts'
import { untried } from '../verify/prove.ts'
import { redisOfDotenv } from './redis.ts'
import { endpointAt } from './target.ts'

/** What the files and the variables alone tell; nothing of the project is run, and nothing is asked. Never throws. */
export async function evidenceOfFiles(host: Host, config: Config, checkout: Checkout): Promise<Evidence> {
  const { project, python, requirements } = checkout
  const [dotenv, settingsLines] = await Promise.all([surveyDotenv(host, project), readLines(project)])
  const choice = choosePython(python, requirements?.names)
  const installers = await installersOf(host, requirements)
  const wire = untried(endpointAt(config, project, config.port), { ours: true })
  const speaks = choice.kind === 'ready' ? undefined : await speaksOfChannels(project, requirements)
  return {
    ...evidenceOfWire(wire),
    checkout,
    choice,
    installers,
    dotenv,
    env: host.env,
    given: givenFlags(config),
    settingsLines,
    speaksOfChannels: speaks,
  }
}

/** Why the Redis that is wanted can't carry the layer, before the project runs. Never throws. */
export async function layerCause(host: Host, config: Config, checkout: Checkout, redis: RedisNow): Promise<Diagnosis | undefined> {
  const evidence = await evidenceOfFiles(host, config, checkout)
  return redisCauses({ ...evidence, redis, redisOfFile: await redisOfDotenv(host, checkout, evidence.dotenv) })[0]
}

/** Why nothing chooses the layer, where a file does that the settings don't read. Never throws. */
export async function unreadChoice(host: Host, config: Config, checkout: Checkout): Promise<Diagnosis | undefined> {
  return judgeUnreadChoice(await evidenceOfFiles(host, config, checkout))
}
