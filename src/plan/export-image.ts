import { posix } from 'node:path'
import { backendPort, frontendPort, headOf, serverWords, type Deployable, type ExportFile } from './export.ts'

/** Who the server runs as inside its container. */
export const appUser = 10_001
/** Where the scripts of a set-up lie inside an image. */
export const scriptFolder = '/opt/election'

/** Words of a command in Docker's exec form: no shell is in between, so the server gets the signals. */
const execForm = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(', ')}]`

/** The images of a set-up and what goes into them. Pure. */
export function imageFiles(facts: Deployable, command: string): ExportFile[] {
  const ignored = { path: 'Dockerfile.dockerignore', text: ignoreText(facts, command, ['**/.env', '**/.env.*', '**/*.env']) }
  const scripts = [
    { path: 'entry.py', text: headOf(command) + facts.scripts.entry },
    { path: 'probe.py', text: headOf(command) + facts.scripts.probe },
  ]
  const files = [{ path: 'Dockerfile', text: backendImage(facts, command) }, ignored, ...scripts]
  if (facts.frontend === undefined) return files
  return [
    ...files,
    { path: 'frontend.Dockerfile', text: frontendImage(facts, facts.frontend, command) },
    // a bundler reads .env files of its own; those of one machine alone are named local
    { path: 'frontend.Dockerfile.dockerignore', text: ignoreText(facts, command, ['**/.env.local', '**/.env.*.local']) },
    { path: 'frontend.conf', text: frontendServer(command) },
  ]
}

function backendImage(facts: Deployable, command: string): string {
  const own = (name: string) => posix.join(facts.outFolder, name)
  const backend = facts.backend === '.' ? './' : `${facts.backend}/`
  return `# syntax=docker/dockerfile:1
${headOf(command, `Built from the checkout: docker build -f ${own('Dockerfile')} .`)}
FROM python:${facts.python.version}-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --system --uid ${appUser} --user-group --no-create-home --shell /usr/sbin/nologin app
WORKDIR /app
${installLines(facts)}
COPY --chown=app:app ${backend} ./
COPY ${own('entry.py')} ${own('probe.py')} ${scriptFolder}/
${staticLines(facts)}RUN chown app:app /app
USER app
EXPOSE ${backendPort}
ENTRYPOINT ${execForm(['python', `${scriptFolder}/entry.py`])}
CMD ${execForm(['python', '-m', ...serverWords(facts, String(backendPort))])}
`
}

/** What the project installs with, in a layer of its own that lasts until the requirements change. */
function installLines({ requirements: { kind, folder, files }, added }: Deployable): string {
  const more = added.length === 0 ? '' : `\nRUN pip install ${added.map((name) => `"${name}"`).join(' ')}`
  const beside = folder === '.' ? '' : `${folder}/`
  const copies = [...new Set(files.map((file) => posix.dirname(file)))]
    .map((from) => {
      const to = posix.join('/requirements', from)
      return `COPY ${files.filter((file) => posix.dirname(file) === from).join(' ')} ${to}/`
    })
    .join('\n')
  const place = posix.join('/requirements', beside)
  switch (kind) {
    case 'requirements':
      return `${copies}\nRUN pip install -r ${posix.join('/requirements', files[0] ?? 'requirements.txt')}${more}`
    case 'uv':
      return `${copies}\nRUN pip install uv && cd ${place} && uv export --frozen --no-dev --no-emit-project -o all.txt && pip install -r all.txt${more}`
    case 'poetry':
      return `${copies}\nRUN pip install poetry && cd ${place} && POETRY_VIRTUALENVS_CREATE=false poetry install --no-root --only main${more}`
    case 'pipenv':
      return `${copies}\nRUN pip install pipenv && cd ${place} && pipenv install --system${files.some((file) => file.endsWith('.lock')) ? ' --deploy' : ''}${more}`
    case 'pyproject':
      // its build reads the sources as well
      return `COPY ${folder === '.' ? './' : beside} ${place}\nRUN pip install ${place}${more}`
  }
}

/** Static files are collected where the settings say where to; the values are for this step alone. */
function staticLines({ hasStaticRoot, settingsModule, variables }: Deployable): string {
  if (!hasStaticRoot) return ''
  const key = ['SECRET_KEY', 'DJANGO_SECRET_KEY'].filter((name) => variables.has(name)).map((name) => `${name}=only-to-build `)
  return `RUN ${key.join('')}DJANGO_SETTINGS_MODULE=${settingsModule} python manage.py collectstatic --no-input\n`
}

/** No secret and nothing that is made on a machine goes into an image. Docker takes this file for the Dockerfile of its name. */
function ignoreText(facts: Deployable, command: string, environments: readonly string[]): string {
  const virtual = ['.venv', 'venv', 'env'].flatMap((name) => [...new Set([name, posix.join(facts.backend, name)])])
  const made = ['**/.git', '**/node_modules', '**/__pycache__', '**/*.pyc', '**/*.sqlite3', '**/.election-dev']
  const names = made.concat(virtual, posix.join(facts.outFolder, 'secrets'), environments)
  const head = headOf(command, 'https://docs.docker.com/build/concepts/context/#filename-and-location')
  return head + names.map((name) => `${name}\n`).join('')
}

function frontendImage(facts: Deployable, frontend: NonNullable<Deployable['frontend']>, command: string): string {
  const { folder, manager, hasLock, output } = frontend
  const install = {
    npm: hasLock ? 'npm ci' : 'npm install',
    yarn: 'yarn install --frozen-lockfile',
    pnpm: 'pnpm install --frozen-lockfile',
  }
  const prepare = manager === 'npm' ? '' : `RUN corepack enable\n`
  const names = [...new Set(frontend.variables.map(({ name }) => name))]
  // a bundler writes them into what it builds, so they are no place for a secret
  const variables = names.map((name) => `ARG ${name}\n`).join('')
  return `# syntax=docker/dockerfile:1
${headOf(command, `Built from the checkout: docker build -f ${posix.join(facts.outFolder, 'frontend.Dockerfile')} .`)}
FROM node:22-slim AS build
WORKDIR /frontend
${prepare}${variables}COPY ${folder}/ ./
RUN ${install[manager]}
RUN ${manager} run build

FROM nginxinc/nginx-unprivileged:1.28-alpine
COPY ${posix.join(facts.outFolder, 'frontend.conf')} /etc/nginx/conf.d/default.conf
COPY --from=build /frontend/${output}/ /usr/share/nginx/html/
EXPOSE ${frontendPort}
`
}

function frontendServer(command: string): string {
  return `${headOf(command)}server {
  listen ${frontendPort};
  root /usr/share/nginx/html;
  location / {
    # a path that is no file is one of the page's own
    try_files $uri /index.html;
  }
}
`
}
