import { appUser, imageFiles, scriptFolder } from './export-image.ts'
import { caddyfile, composePlaces, nginxConf } from './export-proxy.ts'
import {
  backendPaths,
  backendPort,
  backendSecrets,
  backendVariables,
  commonNotes,
  drainSeconds,
  frontendPort,
  graceSeconds,
  headOf,
  type Deployable,
  type ExportFile,
  type ExportPlan,
  type ExportRequest,
  type ProxyName,
} from './export.ts'
import { toYaml, type YamlValue } from './yaml.ts'

/** Where the pages are: the port that the proxy has on this machine. */
const publishedPort = 8080

/** A set-up for Docker Compose: replicas behind a proxy, Redis, migrations before them. Pure. */
export function planCompose(facts: Deployable, request: ExportRequest): ExportPlan {
  const { command, proxy } = request
  const secrets = backendSecrets(facts)
  const variables = backendVariables(facts, ['localhost'], 'http', 'redis')
  const hasRedis = facts.layer.kind !== 'memory'
  const head = headOf(
    command,
    'docker compose up --build --wait',
    `docker compose up --wait --scale backend=${request.replicas + 1}   # one replica more`,
  )
  const files: ExportFile[] = [
    { path: 'compose.yaml', text: head + toYaml(composeDocument(facts, request, variables)) },
    ...imageFiles(facts, command),
    ...proxyFiles(facts, proxy, command),
    ...(hasRedis ? [{ path: 'redis.sh', text: withHead(facts.scripts.redis, command) }] : []),
    { path: 'settings.env', text: openVariables(facts, variables, secrets, command), once: true },
    { path: '.gitignore', text: `${headOf(command)}secrets/\nsettings.env\n` },
  ]
  const set = new Set([...Object.keys(variables), ...secrets.map(({ variable }) => variable)])
  return {
    files,
    secrets: secrets.map(({ file }) => `secrets/${file}`),
    notes: commonNotes(facts, set),
    next: [
      `docker compose -f ${facts.outFolder}/compose.yaml up --build --wait`,
      `election-dev verify ws://localhost:${publishedPort}${facts.webSocketPath ?? '/ws/'} --origin http://localhost:${publishedPort}`,
    ],
  }
}

function composeDocument(
  facts: Deployable,
  { proxy, replicas, image }: ExportRequest,
  variables: Readonly<Record<string, string>>,
): YamlValue {
  const secrets = backendSecrets(facts)
  const hasRedis = facts.layer.kind !== 'memory'
  const { frontend } = facts
  const backend = {
    image: image ?? `${facts.name}-backend`,
    build: { context: facts.context, dockerfile: `${facts.outFolder}/Dockerfile` },
    environment: { ...variables, ...Object.fromEntries(secrets.map(asFile)), RUN_AS_UID: String(appUser) },
    env_file: [{ path: 'settings.env', required: false }],
    secrets: secrets.map(({ file }) => file),
    // root reads the secrets, which lie as their owner's alone on the host, and entry.py becomes RUN_AS_UID
    user: '0:0',
    cap_drop: ['ALL'],
    cap_add: ['SETUID', 'SETGID', 'DAC_READ_SEARCH'],
    security_opt: ['no-new-privileges:true'],
  }
  return {
    name: facts.name,
    services: {
      proxy: proxyService(proxy, { hasFrontend: frontend !== undefined }),
      backend: {
        ...backend,
        depends_on: {
          migrate: { condition: 'service_completed_successfully' },
          ...(hasRedis ? { redis: { condition: 'service_healthy' } } : {}),
        },
        deploy: { replicas },
        healthcheck: {
          test: ['CMD', 'python', `${scriptFolder}/probe.py`, 'ready'],
          interval: '10s',
          timeout: '6s',
          retries: 3,
          start_period: '30s',
        },
        // longer than the drain, or the drain is cut short
        stop_grace_period: `${graceSeconds}s`,
        restart: 'unless-stopped',
        ...(proxy === 'traefik' ? { labels: traefikLabels(facts) } : {}),
      },
      migrate: {
        ...backend,
        command: ['python', 'manage.py', 'migrate', '--no-input'],
        restart: 'no',
        ...(hasRedis ? { depends_on: { redis: { condition: 'service_healthy' } } } : {}),
      },
      ...(frontend === undefined ? {} : { frontend: frontendService(facts, frontend, proxy) }),
      ...(hasRedis ? { redis: redisService() } : {}),
    },
    secrets: Object.fromEntries(secrets.map(({ file }) => [file, { file: `./secrets/${file}` }])),
    ...(hasRedis ? { volumes: { 'redis-data': {} } } : {}),
  }
}

const asFile = ({ file, variable }: { file: string; variable: string }): readonly [string, string] => [
  `${variable}_FILE`,
  `/run/secrets/${file}`,
]

function redisService(): YamlValue {
  return {
    image: 'redis:7-alpine',
    // the password goes from its file into a configuration in memory: no command line and no variable has it
    entrypoint: ['sh', `${scriptFolder}/redis.sh`],
    environment: { REDIS_PASSWORD_FILE: '/run/secrets/redis-password', REDIS_CONF_FOLDER: '/run/redis' },
    tmpfs: ['/run/redis'],
    volumes: ['redis-data:/data', `./redis.sh:${scriptFolder}/redis.sh:ro`],
    secrets: ['redis-password'],
    healthcheck: {
      // a $ alone would be a variable of compose's
      test: ['CMD-SHELL', 'REDISCLI_AUTH="$$(cat /run/secrets/redis-password)" redis-cli ping | grep -q PONG'],
      interval: '5s',
      timeout: '3s',
      retries: 5,
      start_period: '10s',
    },
    restart: 'unless-stopped',
  }
}

function frontendService(facts: Deployable, frontend: NonNullable<Deployable['frontend']>, proxy: ProxyName): YamlValue {
  const http = `http://localhost:${publishedPort}`
  const args = frontend.variables.map(({ name, value }) => [name, atOrigin(value, http)] as const)
  return {
    image: `${facts.name}-frontend`,
    build: {
      context: facts.context,
      dockerfile: `${facts.outFolder}/frontend.Dockerfile`,
      ...(args.length === 0 ? {} : { args: Object.fromEntries(args) }),
    },
    restart: 'unless-stopped',
    ...(proxy === 'traefik' ? { labels: { 'traefik.enable': 'true', ...router('frontend', 'PathPrefix(`/`)', 1, frontendPort) } } : {}),
  }
}

/** A URL of the development's backend as it is behind the proxy: another host, the same path. */
export function atOrigin(value: string, origin: string): string {
  const [, scheme = '', path = ''] = /^(wss?|https?):\/\/[^/]*(.*)$/i.exec(value) ?? []
  if (scheme === '') return value
  return (scheme.toLowerCase().startsWith('ws') ? origin.replace(/^http/, 'ws') : origin) + path
}

function proxyService(proxy: ProxyName, { hasFrontend }: { hasFrontend: boolean }): YamlValue {
  const common = {
    ports: [`${publishedPort}:80`],
    depends_on: { backend: { condition: 'service_healthy' }, ...(hasFrontend ? { frontend: { condition: 'service_started' } } : {}) },
    restart: 'unless-stopped',
    stop_grace_period: `${graceSeconds}s`,
  }
  switch (proxy) {
    case 'nginx':
      return {
        image: 'nginx:1.28-alpine',
        ...common,
        volumes: ['./nginx.conf:/etc/nginx/conf.d/default.conf:ro'],
        // nginx drops its sockets on TERM and drains on QUIT
        stop_signal: 'SIGQUIT',
      }
    case 'caddy':
      return { image: 'caddy:2-alpine', ...common, volumes: ['./Caddyfile:/etc/caddy/Caddyfile:ro'] }
    case 'traefik':
      return {
        image: 'traefik:v3.5',
        ...common,
        command: [
          '--providers.docker=true',
          '--providers.docker.exposedByDefault=false',
          '--entryPoints.web.address=:80',
          `--entryPoints.web.transport.lifeCycle.graceTimeOut=${drainSeconds}s`,
        ],
        // it finds the replicas by asking Docker
        volumes: ['/var/run/docker.sock:/var/run/docker.sock:ro'],
      }
  }
}

/** Traefik hands an upgrade on by itself; of two rules the one with the higher priority wins. */
function traefikLabels(facts: Deployable): Readonly<Record<string, string>> {
  const rule =
    facts.frontend === undefined
      ? 'PathPrefix(`/`)'
      : backendPaths(facts)
          .map((path) => `PathPrefix(\`${path}\`)`)
          .join(' || ')
  return { 'traefik.enable': 'true', ...router('backend', rule, 10, backendPort) }
}

function router(name: string, rule: string, priority: number, port: number): Readonly<Record<string, string>> {
  return {
    [`traefik.http.routers.${name}.rule`]: rule,
    [`traefik.http.routers.${name}.entrypoints`]: 'web',
    [`traefik.http.routers.${name}.priority`]: String(priority),
    [`traefik.http.services.${name}.loadbalancer.server.port`]: String(port),
  }
}

function proxyFiles(facts: Deployable, proxy: ProxyName, command: string): ExportFile[] {
  const places = composePlaces(facts.frontend === undefined ? undefined : backendPaths(facts))
  if (proxy === 'nginx') return [{ path: 'nginx.conf', text: nginxConf(places, command) }]
  if (proxy === 'caddy') return [{ path: 'Caddyfile', text: caddyfile(places, command) }]
  return []
}

/** The variables that the settings name and nothing here sets, for a person to fill in. */
export function openVariables(
  facts: Deployable,
  set: Readonly<Record<string, string>>,
  secrets: readonly { readonly variable: string }[],
  command: string,
): string {
  const known = new Set([...Object.keys(set), ...secrets.map(({ variable }) => variable), 'REDIS_URL', 'REDIS_DB', 'REDIS_USERNAME'])
  const names = [...new Set([...facts.dotenvKeys, ...facts.variables])].filter((name) => !known.has(name)).toSorted()
  const head = headOf(command, 'Variables of the backend that this set-up gives no value. Take the # away where one is needed.')
  return head + names.map((name) => `# ${name}=\n`).join('')
}

/** A script with its interpreter's line kept first. */
export function withHead(script: string, command: string): string {
  const end = script.indexOf('\n') + 1
  return script.startsWith('#!') ? script.slice(0, end) + headOf(command) + script.slice(end) : headOf(command) + script
}
