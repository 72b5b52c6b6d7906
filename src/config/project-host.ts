import type { Host } from '../host/host.ts'
import type { Config } from './config.ts'

/** The host as the project sees it: what the configuration says of the backend's environment (`env`) wins over what the launcher has. */
export function projectHost(host: Host, { env }: Pick<Config, 'env'>): Host {
  return Object.keys(env).length === 0 ? host : { ...host, env: { ...host.env, ...env } }
}
