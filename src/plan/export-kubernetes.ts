import { frontendManifests, labelsOf, metadata, redisManifests, service } from './export-kubernetes-parts.ts'
import { atOrigin, openVariables } from './export-compose.ts'
import { appUser, imageFiles, scriptFolder } from './export-image.ts'
import { silentSeconds } from './export-proxy.ts'
import {
  backendPaths,
  backendPort,
  backendSecrets,
  backendVariables,
  commonNotes,
  frontendPort,
  graceSeconds,
  headOf,
  type Deployable,
  type ExportPlan,
  type ExportRequest,
} from './export.ts'
import { toYamlDocuments, type YamlValue } from './yaml.ts'

/** Seconds that a pod goes on after it was told to end, until every Ingress has heard that it goes. */
const preStopSeconds = 5

/** What the manifests are made of. */
interface Manifests {
  readonly facts: Deployable
  readonly request: ExportRequest
  readonly variables: Readonly<Record<string, string>>
  readonly image: string
}

/** Manifests without a namespace, for `kubectl apply`. Pure. */
export function planKubernetes(facts: Deployable, request: ExportRequest): ExportPlan {
  const { command, host } = request
  const secrets = backendSecrets(facts)
  const variables = backendVariables(facts, [host], 'https', `${facts.name}-redis`)
  const image = request.image ?? `${facts.name}-backend:latest`
  const manifests: Manifests = { facts, request, variables, image }
  const hasRedis = facts.layer.kind !== 'memory'
  const write = (path: string, documents: readonly YamlValue[], ...lines: readonly string[]) => ({
    path,
    text: headOf(command, ...lines) + toYamlDocuments(documents),
  })
  const again = `A new image needs it again: kubectl delete job ${facts.name}-migrate, then kubectl apply`
  const secretCommand = `kubectl create secret generic ${facts.name} ${secrets.map(({ file }) => `--from-file=${file}=${facts.outFolder}/secrets/${file}`).join(' ')}`
  return {
    files: [
      write('backend.yaml', [configMap(manifests), deployment(manifests), service(facts.name, 'backend', backendPort), budget(manifests)]),
      write('migrate.yaml', [migrateJob(manifests)], again),
      write('ingress.yaml', [ingress(manifests)]),
      ...(hasRedis ? [write('redis.yaml', redisManifests(facts, command))] : []),
      ...(facts.frontend === undefined ? [] : [write('frontend.yaml', frontendManifests(facts))]),
      ...imageFiles(facts, command),
      { path: 'settings.env', text: openVariables(facts, variables, secrets, command), once: true },
      { path: '.gitignore', text: `${headOf(command)}secrets/\nsettings.env\n` },
    ],
    secrets: secrets.map(({ file }) => `secrets/${file}`),
    notes: [
      ...commonNotes(facts, new Set([...Object.keys(variables), ...secrets.map(({ variable }) => variable)])),
      { id: 'tls', text: `The Ingress takes the certificate of ${host} from the secret ${facts.name}-tls` },
    ],
    next: [
      `docker build -f ${facts.outFolder}/Dockerfile -t ${image} .`,
      ...frontendBuild(facts, host),
      ...(secrets.length === 0 ? [] : [secretCommand]),
      `kubectl create configmap ${facts.name}-settings --from-env-file=${facts.outFolder}/settings.env`,
      `kubectl apply -f ${facts.outFolder}/`,
      `election-dev verify wss://${host}${facts.webSocketPath ?? '/ws/'} --origin https://${host}`,
    ],
  }
}

function frontendBuild(facts: Deployable, host: string): string[] {
  if (facts.frontend === undefined) return []
  const args = facts.frontend.variables.map(({ name, value }) => ` --build-arg ${name}=${atOrigin(value, `https://${host}`)}`)
  return [`docker build -f ${facts.outFolder}/frontend.Dockerfile${args.join('')} -t ${facts.name}-frontend:latest .`]
}

function configMap({ facts, variables }: Manifests): YamlValue {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(facts.name, 'backend'), data: variables }
}

/** A container of the backend's image: its variables, its secrets, and no more rights than it needs. */
function backendContainer({ facts, image }: Manifests, name: string): { readonly [key: string]: YamlValue } {
  return {
    name,
    image,
    envFrom: [
      { configMapRef: { name: `${facts.name}-backend` } },
      // what a person has added: settings.env
      { configMapRef: { name: `${facts.name}-settings`, optional: true } },
    ],
    env: backendSecrets(facts).map(({ file, variable }) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name: facts.name, key: file } },
    })),
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    resources: { requests: { cpu: '100m', memory: '192Mi' }, limits: { memory: '512Mi' } },
  }
}

const backendSecurity = {
  runAsNonRoot: true,
  runAsUser: appUser,
  runAsGroup: appUser,
  fsGroup: appUser,
  seccompProfile: { type: 'RuntimeDefault' },
}

function probe(kind: 'live' | 'ready', rest: { readonly [key: string]: number }): YamlValue {
  return { exec: { command: ['python', `${scriptFolder}/probe.py`, kind] }, timeoutSeconds: 6, ...rest }
}

function deployment(manifests: Manifests): YamlValue {
  const { facts, request } = manifests
  const labels = labelsOf(facts.name, 'backend')
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(facts.name, 'backend'),
    spec: {
      replicas: request.replicas,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels },
        spec: {
          // the wait before the signal, the drain, and some seconds over
          terminationGracePeriodSeconds: preStopSeconds + graceSeconds,
          securityContext: backendSecurity,
          automountServiceAccountToken: false,
          initContainers: [
            {
              ...backendContainer(manifests, 'wait-for-migrations'),
              // the command alone: migrate --check fails while a migration is still to be made
              args: ['sh', '-c', 'until python manage.py migrate --check > /dev/null; do sleep 2; done'],
            },
          ],
          containers: [
            {
              ...backendContainer(manifests, 'backend'),
              ports: [{ name: 'http', containerPort: backendPort }],
              startupProbe: probe('live', { periodSeconds: 2, failureThreshold: 60 }),
              readinessProbe: probe('ready', { periodSeconds: 10, failureThreshold: 3 }),
              livenessProbe: probe('live', { periodSeconds: 15, failureThreshold: 4 }),
              lifecycle: { preStop: { exec: { command: ['sleep', String(preStopSeconds)] } } },
            },
          ],
        },
      },
    },
  }
}

function budget({ facts }: Manifests): YamlValue {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadata(facts.name, 'backend'),
    // not minAvailable: with one replica its node could never be emptied
    spec: { maxUnavailable: 1, selector: { matchLabels: labelsOf(facts.name, 'backend') } },
  }
}

function migrateJob(manifests: Manifests): YamlValue {
  const { facts } = manifests
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(facts.name, 'migrate'),
    spec: {
      backoffLimit: 6,
      template: {
        metadata: { labels: labelsOf(facts.name, 'migrate') },
        spec: {
          restartPolicy: 'OnFailure',
          securityContext: backendSecurity,
          automountServiceAccountToken: false,
          containers: [{ ...backendContainer(manifests, 'migrate'), args: ['python', 'manage.py', 'migrate', '--no-input'] }],
        },
      },
    },
  }
}

function ingress({ facts, request: { host } }: Manifests): YamlValue {
  const to = (path: string, component: string, port: number) => ({
    path,
    pathType: 'Prefix',
    backend: { service: { name: `${facts.name}-${component}`, port: { number: port } } },
  })
  const paths =
    facts.frontend === undefined
      ? [to('/', 'backend', backendPort)]
      : [...backendPaths(facts).map((path) => to(path, 'backend', backendPort)), to('/', 'frontend', frontendPort)]
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      ...metadata(facts.name, 'backend'),
      // the upgrade itself needs none; a socket that is silent for 60 s would be ended
      annotations: {
        'nginx.ingress.kubernetes.io/proxy-read-timeout': String(silentSeconds),
        'nginx.ingress.kubernetes.io/proxy-send-timeout': String(silentSeconds),
      },
    },
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: [host], secretName: `${facts.name}-tls` }],
      rules: [{ host, http: { paths } }],
    },
  }
}
