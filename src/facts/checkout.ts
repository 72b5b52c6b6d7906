import { writesLayerOut } from './settings-lines.ts'
import type { Config } from '../config/config.ts'
import { usageError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import { readDotenv, type DotenvFact } from './dotenv.ts'
import { forPlatform } from './platform-packages.ts'
import { findProject, type Project } from './project.ts'
import { findPython, projectFolders, type PythonFact } from './python.ts'
import { redisEndpoint, type RedisEndpointFact } from './redis-endpoint.ts'
import { findRequirements, type Requirements } from './requirements.ts'
import { hideSecrets, layerWish, variableReader, type LayerWish } from './variables.ts'

/** All that the files of a checkout tell, without starting anything of it. */
export interface Checkout {
  readonly project: Project
  readonly python: PythonFact
  readonly requirements: Requirements | undefined
  readonly dotenv: DotenvFact
  /** The variable that the project reads to choose the channel layer; undefined where it reads none. */
  readonly layerVariable: string | undefined
  /** The settings write their channel layer out: no variable leads it elsewhere. */
  readonly isLayerWrittenOut?: boolean
  readonly wish: LayerWish
  readonly redis: RedisEndpointFact
}

/** Reads a checkout. Throws LauncherError where there is no project, or more than one; everything else is a fact. */
export async function readCheckout(host: Host, config: Config): Promise<Checkout> {
  const project = await findProject(host, config)
  const [python, dotenv, asked, isFixed] = await Promise.all([
    findPython(host, config, project),
    readDotenv(project.dotenv, project.dotenvReader ?? 'decouple'),
    projectFolders(project).then((folders) => findRequirements(project.backend, folders)),
    writesLayerOut(project),
  ])
  // the settings would read it for many seconds, and whatever it holds could be hidden nowhere
  if ('code' in dotenv && dotenv.code === 'size') throw usageError('dotenv-unreadable', `${dotenv.path} can't be read: ${dotenv.reason}`)
  hideSecrets(host, dotenv)
  const read = variableReader(host, project, dotenv)
  const named = config.source('channelLayerVariable') !== 'default'
  const isRead = project.variables.has(config.channelLayerVariable) && !isFixed
  const layerVariable = named || isRead ? config.channelLayerVariable : undefined
  return {
    project,
    python,
    requirements: asked === undefined ? undefined : forPlatform(asked, host.platform),
    dotenv,
    layerVariable,
    isLayerWrittenOut: isFixed,
    wish: layerVariable === undefined ? { kind: 'none' } : layerWish(read, layerVariable),
    redis: redisEndpoint(read, project.variables),
  }
}
