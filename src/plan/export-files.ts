import { posix } from 'node:path'
import {
  backendPaths,
  backendPort,
  backendSecrets,
  backendVariables,
  commonNotes,
  drainSeconds,
  graceSeconds,
  serverWords,
  type Deployable,
  type ExportFile,
  type ExportPlan,
  type ExportRequest,
  type ExportTarget,
} from './export.ts'
import { fill, type Values } from './template.ts'
import { yamlScalar } from './yaml.ts'

/** Where the pages of a compose set-up are: the port that the proxy has on this machine. */
const publishedPort = 8080
/** Seconds that a pod goes on after it was told to end, as `preStop` in backend.yaml has it. */
const preStopSeconds = 5
const proxyImages = { nginx: 'nginx:1.28-alpine', caddy: 'caddy:2-alpine', traefik: 'traefik:v3.5' } as const

/** What each target's set-up is planned by. */
export const planners: Readonly<Record<ExportTarget, (facts: Deployable, request: ExportRequest) => ExportPlan>> = {
  compose: planCompose,
  kubernetes: planKubernetes,
  procfile: planProcfile,
}

/** A set-up for Docker Compose: replicas behind a proxy, Redis, migrations before them. Pure. */
function planCompose(facts: Deployable, request: ExportRequest): ExportPlan {
  const origin = `http://localhost:${publishedPort}`
  const variables = backendVariables(facts, ['localhost'], 'http', 'redis')
  const rules = facts.frontend === undefined ? ['/'] : backendPaths(facts)
  return planned(facts, request, variables, origin, {
    values: {
      image: request.image ?? `${facts.name}-backend`,
      oneMore: request.replicas + 1,
      context: facts.context,
      dockerfile: `${facts.outFolder}/Dockerfile`,
      frontendDockerfile: `${facts.outFolder}/frontend.Dockerfile`,
      nginx: request.proxy === 'nginx',
      caddy: request.proxy === 'caddy',
      traefik: request.proxy === 'traefik',
      proxyImage: proxyImages[request.proxy],
      caddyPaths: rules.map((path) => `${path}*`).join(' '),
      rule: rules.map((path) => `PathPrefix(\`${path}\`)`).join(' || '),
    },
    notes: [],
    next: [`docker compose -f ${facts.outFolder}/compose.yaml up --build --wait`],
  })
}

/** Manifests without a namespace, for `kubectl apply`. Pure. */
function planKubernetes(facts: Deployable, request: ExportRequest): ExportPlan {
  const { name, outFolder, frontend } = facts
  const { host } = request
  const origin = `https://${host}`
  const image = request.image ?? `${name}-backend:latest`
  const args = frontend?.variables.map((variable) => ` --build-arg ${variable.name}=${atOrigin(variable.value, origin)}`) ?? []
  const secrets = backendSecrets(facts).map(({ file }) => `--from-file=${file}=${outFolder}/secrets/${file}`)
  return planned(facts, request, backendVariables(facts, [host], 'https', `${name}-redis`), origin, {
    values: { image, host, secret: name, podGrace: preStopSeconds + graceSeconds },
    notes: [{ id: 'tls', text: `The Ingress takes the certificate of ${host} from the secret ${name}-tls` }],
    next: [
      `docker build -f ${outFolder}/Dockerfile -t ${image} .`,
      ...(frontend === undefined ? [] : [`docker build -f ${outFolder}/frontend.Dockerfile${args.join('')} -t ${name}-frontend:latest .`]),
      ...(secrets.length === 0 ? [] : [`kubectl create secret generic ${name} ${secrets.join(' ')}`]),
      `kubectl create configmap ${name}-settings --from-env-file=${outFolder}/settings.env`,
      `kubectl apply -f ${outFolder}/`,
    ],
  })
}

/** A Procfile: the server on the platform's port, migrations before each release, Celery's worker where there is one. Pure. */
function planProcfile(facts: Deployable, { command }: Pick<ExportRequest, 'command'>): ExportPlan {
  const within = facts.backend === '.' ? '' : `cd ${shellWord(facts.backend)} && `
  const line = (name: string, text: string) => `${name}: ${within}${text}\n`
  const lines = [
    line('web', `exec ${serverWords(facts, '$PORT').map(shellWord).join(' ')}`),
    line('release', 'python manage.py migrate --no-input'),
    ...(facts.celery === undefined ? [] : [line('worker', `exec celery -A ${facts.celery} worker --loglevel info`)]),
  ]
  const { layer } = facts
  const notes = commonNotes(facts, new Set()).filter(({ id }) => id !== 'variables-open' && id !== 'path-unknown')
  if (layer.kind === 'switch')
    notes.push({
      id: 'layer-variable',
      text: `More than one web process needs ${layer.variable}=True and a Redis, in the platform's variables`,
    })
  return {
    files: [{ path: 'Procfile', text: `# Written by: ${command}\n${lines.join('')}` }],
    secrets: [],
    notes,
    next: ['election-dev start'],
  }
}

/** The set-up of a target: its templates and those of the images, filled. One that is filled with nothing is no file. */
function planned(
  facts: Deployable,
  { target, command, replicas }: ExportRequest,
  variables: Readonly<Record<string, string>>,
  origin: string,
  own: { readonly values: Values } & Pick<ExportPlan, 'notes' | 'next'>,
): ExportPlan {
  const secrets = backendSecrets(facts)
  const hasRedis = facts.layer.kind !== 'memory'
  const set = new Set([...Object.keys(variables), ...secrets.map(({ variable }) => variable)])
  const known = new Set([...set, 'REDIS_URL', 'REDIS_DB', 'REDIS_USERNAME'])
  const open = [...new Set([...facts.dotenvKeys, ...facts.variables])].filter((name) => !known.has(name)).toSorted()
  const values: Values = {
    ...imageValues(facts, origin),
    command,
    replicas,
    name: facts.name,
    port: backendPort,
    drain: drainSeconds,
    grace: graceSeconds,
    redis: hasRedis,
    variables: Object.entries(variables).map(([name, value]) => ({ name, value })),
    hasSecrets: secrets.length > 0,
    secrets: secrets.map(({ file, variable }) => ({ file, variable })),
    open: open.map((name) => ({ name })),
    paths: (facts.frontend === undefined ? ['/'] : backendPaths(facts)).map((path) => ({ path })),
    ...own.values,
  }
  const templates = new Map([...facts.templates].map(([path, text]) => [path, path.includes('/') ? text : withHead(text, command)]))
  const written = [...templates].flatMap(([path, template]): ExportFile[] => {
    const [folder, name] = path.includes('/') ? path.split('/') : ['image', path]
    if (name === undefined || (folder !== target && folder !== 'image')) return []
    // Redis's start lies in a ConfigMap where no folder can be mounted
    if (name === 'redis.sh' && (!hasRedis || target === 'kubernetes')) return []
    const text = fill(template, values, templates, name.endsWith('.yaml') ? yamlScalar : (value) => value)
    return text === '' ? [] : [{ path: name, text, ...(name === 'settings.env' ? { once: true } : {}) }]
  })
  return {
    files: [...written, { path: '.gitignore', text: `# Written by: ${command}\nsecrets/\nsettings.env\n` }],
    secrets: secrets.map(({ file }) => `secrets/${file}`),
    notes: [...commonNotes(facts, set), ...own.notes],
    next: [...own.next, `election-dev verify ${origin.replace(/^http/, 'ws')}${facts.webSocketPath ?? '/ws/'} --origin ${origin}`],
  }
}

/** What the images of a set-up are built with. */
function imageValues(facts: Deployable, origin: string): Values {
  const { backend, frontend, outFolder, variables, python, hasStaticRoot } = facts
  const manager = frontend?.manager ?? 'npm'
  const args = new Map(frontend?.variables.map(({ name, value }) => [name, atOrigin(value, origin)]))
  return {
    own: outFolder === '.' ? '' : `${outFolder}/`,
    python: python.version,
    install: installLines(facts),
    backend: backend === '.' ? './' : `${backend}/`,
    settings: facts.settingsModule,
    hasStaticRoot,
    // to collect static files; the values are for this step alone
    buildKey: ['SECRET_KEY', 'DJANGO_SECRET_KEY'].map((name) => (variables.has(name) ? `${name}=only-to-build ` : '')).join(''),
    // Docker's exec form: no shell is in between, so the server gets the signals
    serverCommand: `[${['python', '-m', ...serverWords(facts, String(backendPort))].map((word) => JSON.stringify(word)).join(', ')}]`,
    virtual: ['.venv', 'venv', 'env'].flatMap((name) => [...new Set([name, posix.join(backend, name)])].map((path) => ({ name: path }))),
    frontend: frontend !== undefined,
    folder: frontend?.folder ?? '',
    output: frontend?.output ?? '',
    manager,
    corepack: manager !== 'npm',
    installFrontend: manager !== 'npm' ? `${manager} install --frozen-lockfile` : frontend?.hasLock === true ? 'npm ci' : 'npm install',
    // a bundler writes them into what it builds, so they are no place for a secret
    hasArgs: args.size > 0,
    args: [...args].map(([name, value]) => ({ name, value })),
  }
}

/** What the project installs with, in a layer of its own that lasts until the requirements change. */
function installLines({ requirements: { kind, folder, files }, added }: Deployable): string {
  const more = added.length === 0 ? '' : `\nRUN pip install ${added.map((name) => `"${name}"`).join(' ')}`
  const beside = folder === '.' ? '' : `${folder}/`
  const copies = [...new Set(files.map((file) => posix.dirname(file)))]
    .map((from) => `COPY ${files.filter((file) => posix.dirname(file) === from).join(' ')} ${posix.join('/requirements', from)}/`)
    .join('\n')
  const place = posix.join('/requirements', beside)
  switch (kind) {
    case 'requirements':
      return `${copies}\nRUN pip install -r ${posix.join('/requirements', files[0] ?? 'requirements.txt')}${more}`
    case 'uv':
      return `${copies}\nRUN pip install uv && cd ${place} && uv export --frozen --no-dev --no-emit-project -o all.txt && pip install -r all.txt${more}`
    case 'poetry':
      return `${copies}\nRUN pip install poetry && cd ${place} && POETRY_VIRTUALENVS_CREATE=false poetry install --no-root --only main${more}`
    case 'pdm':
      return `${copies}\nRUN pip install pdm && cd ${place} && pdm export --prod -o all.txt && pip install -r all.txt${more}`
    case 'pipenv':
      return `${copies}\nRUN pip install pipenv && cd ${place} && pipenv install --system${files.some((file) => file.endsWith('.lock')) ? ' --deploy' : ''}${more}`
    case 'pyproject':
    case 'setuptools':
      // its build reads the sources as well
      return `COPY ${folder === '.' ? './' : beside} ${place}\nRUN pip install ${place}${more}`
  }
}

/** A URL of the development's backend as it is behind the proxy: another host, the same path. */
export function atOrigin(value: string, origin: string): string {
  const [, scheme = '', path = ''] = /^(wss?|https?):\/\/[^/]*(.*)$/i.exec(value) ?? []
  if (scheme === '') return value
  return (scheme.toLowerCase().startsWith('ws') ? origin.replace(/^http/, 'ws') : origin) + path
}

/** A script with its interpreter's line kept first. */
function withHead(script: string, command: string): string {
  return script.replace(/^(?:#!.*\n)?/, (first) => `${first}# Written by: ${command}\n`)
}

/** A word as sh takes it; variables are left to it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./$-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
