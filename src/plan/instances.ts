import { isInMemory } from '../facts/redis-now.ts'

/** Why several instances can't be started. */
export interface InstancesRefusal {
  readonly id: 'layer-inmemory-multi-instance' | 'channel-layer-unset'
  readonly text: string
  /** What was seen. */
  readonly seen: string
}

/**
 * Whether several instances can share the channel layer that the settings come
 * to with the environment of this run. `backend`: its class; null where the
 * settings have none, undefined where they could not be asked, which is said
 * elsewhere. Pure.
 */
export function decideShared(instances: number, backend: string | null | undefined): InstancesRefusal | undefined {
  if (instances < 2 || backend === undefined) return undefined
  if (backend === null)
    return {
      id: 'channel-layer-unset',
      text: `${instances} instances need a channel layer that they share, and the settings have none`,
      seen: 'The settings have no CHANNEL_LAYERS',
    }
  if (!isInMemory(backend)) return undefined
  return {
    id: 'layer-inmemory-multi-instance',
    text: `${instances} instances can't share a layer that is in the memory of one: a broadcast would stay in the process that sent it`,
    seen: `CHANNEL_LAYERS is ${backend}`,
  }
}

/** `backend`, then `backend-2`, `backend-3`… */
export function instanceName(index: number): string {
  return index === 0 ? 'backend' : `backend-${index + 1}`
}
