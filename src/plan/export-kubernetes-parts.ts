import { withHead } from './export-compose.ts'
import { scriptFolder } from './export-image.ts'
import { frontendPort, type Deployable } from './export.ts'
import type { YamlValue } from './yaml.ts'

/** What finds the pods of a component. */
export const labelsOf = (name: string, component: string): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/component': component,
})

/** Name and labels of a component's object. */
export function metadata(name: string, component: string): { readonly name: string; readonly labels: Readonly<Record<string, string>> } {
  return { name: `${name}-${component}`, labels: labelsOf(name, component) }
}

/** What other pods reach a component by. */
export function service(name: string, component: string, port: number): YamlValue {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name, component),
    spec: { selector: labelsOf(name, component), ports: [{ name: 'http', port, targetPort: port }] },
  }
}

/** User and group of redis in redis:7-alpine. */
const redisUser = { runAsUser: 999, runAsGroup: 1000, fsGroup: 1000 }

/** Redis with a claim of its own, and its password from the secret of the set-up. */
export function redisManifests(facts: Deployable, command: string): YamlValue[] {
  const { name } = facts
  const labels = labelsOf(name, 'redis')
  const ping = {
    exec: {
      command: ['sh', '-c', 'REDISCLI_AUTH="$(cat /run/secrets/redis/redis-password)" redis-cli ping | grep -q PONG'],
    },
    timeoutSeconds: 3,
  }
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata(name, 'redis'),
      data: { 'redis.sh': withHead(facts.scripts.redis, command) },
    },
    service(name, 'redis', 6379),
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: metadata(name, 'redis'),
      spec: {
        serviceName: `${name}-redis`,
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            securityContext: { runAsNonRoot: true, ...redisUser, seccompProfile: { type: 'RuntimeDefault' } },
            automountServiceAccountToken: false,
            // a Service named redis would bring a REDIS_PORT of its own
            enableServiceLinks: false,
            containers: [
              {
                name: 'redis',
                image: 'redis:7-alpine',
                command: ['sh', `${scriptFolder}/redis.sh`],
                env: [
                  { name: 'REDIS_PASSWORD_FILE', value: '/run/secrets/redis/redis-password' },
                  { name: 'REDIS_CONF_FOLDER', value: '/run/redis' },
                ],
                ports: [{ name: 'redis', containerPort: 6379 }],
                readinessProbe: { ...ping, periodSeconds: 5 },
                livenessProbe: { ...ping, periodSeconds: 15, failureThreshold: 4 },
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
                resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '256Mi' } },
                volumeMounts: [
                  { name: 'data', mountPath: '/data' },
                  { name: 'configuration', mountPath: '/run/redis' },
                  { name: 'script', mountPath: scriptFolder, readOnly: true },
                  { name: 'password', mountPath: '/run/secrets/redis', readOnly: true },
                ],
              },
            ],
            volumes: [
              { name: 'configuration', emptyDir: { medium: 'Memory' } },
              { name: 'script', configMap: { name: `${name}-redis` } },
              {
                name: 'password',
                secret: { secretName: name, defaultMode: 0o440, items: [{ key: 'redis-password', path: 'redis-password' }] },
              },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      },
    },
  ]
}

/** The files of the frontend, served by an nginx of their own. */
export function frontendManifests({ name }: Deployable): YamlValue[] {
  const labels = labelsOf(name, 'frontend')
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(name, 'frontend'),
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            containers: [
              {
                name: 'frontend',
                image: `${name}-frontend:latest`,
                ports: [{ name: 'http', containerPort: frontendPort }],
                readinessProbe: { httpGet: { path: '/', port: frontendPort } },
                securityContext: { runAsNonRoot: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
                resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '128Mi' } },
              },
            ],
          },
        },
      },
    },
    service(name, 'frontend', frontendPort),
  ]
}
