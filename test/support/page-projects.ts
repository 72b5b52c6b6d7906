/** Pages that open their WebSocket in the ways that people have, and in ways that are of no use: for whatever looks at a page in a browser. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { simplejwtConsumer, type ProjectOptions, type TestProject } from './project.ts'
import { selfSigned } from './servers.ts'
import { writeViteFrontend, type ViteFrontendOptions } from './vite-frontend.ts'

/** Where the halves of a project are, and what it takes for one of them. */
export interface PagePorts {
  /** What the configuration of the dev server names. */
  readonly page: number
  readonly backend: number
  /** On which nothing listens. */
  readonly nothing: number
}

/** A project, and what a browser sees of its page. */
export interface PageProject {
  readonly backend?: ProjectOptions
  readonly frontend: (ports: PagePorts) => ViteFrontendOptions
  /** Files `key.pem` and `cert.pem` are beside its configuration. */
  readonly secure?: boolean
  /** What becomes of its WebSocket where nobody logs in. */
  readonly socket: 'open' | 'opening' | 'failed' | 'none'
}

const path = '/ws/election-updates/'
/** How the seed's client finds the backend; what else it is put into has its semicolons. */
const derived = ({ page, backend }: PagePorts, scheme = "location.protocol.replace('http', 'ws')") =>
  `\`\${${scheme}}//\${location.host.replace(':${page}', ':${backend}')}${path}\``
const seed = (ports: PagePorts): ViteFrontendOptions => ({ port: ports.page, constant: true, socket: derived(ports) })
const proxied = ({ page, backend }: PagePorts, server = ''): ViteFrontendOptions => ({
  port: page,
  constant: true,
  socket: `\`\${location.protocol.replace('http', 'ws')}//\${location.host}${path}\``,
  server: `${server}proxy: { '/ws': { target: 'http://127.0.0.1:${backend}', ws: true } },`,
})

const https = "https: { key: 'key.pem', cert: 'cert.pem' },"

/** The page's script in another's place; `connect()` opens the WebSocket at `url`. */
const scripted = (ports: PagePorts, body: string, url = derived(ports)): ViteFrontendOptions => ({
  ...seed(ports),
  files: {
    'src/main.js': `const url = () => ${url}
const dot = document.querySelector('#dot')

function connect() {
  const socket = new WebSocket(url())
  socket.onopen = () => (dot.dataset.state = 'connected')
  socket.onclose = () => (dot.dataset.state = 'disconnected')
  return socket
}

${body}
`,
  },
})

/** It asks the API with its cookies before it connects. */
const asking = (ports: PagePorts) =>
  scripted(
    ports,
    `const answer = await fetch('http://127.0.0.1:${ports.backend}/api/elections/', { credentials: 'include' })\nawait answer.json()\nconnect()`,
  )

/** A page whose dev server answers by itself what this middleware takes. */
const answered = (ports: PagePorts, middleware: string, body = 'connect()'): ViteFrontendOptions => {
  const { files = {}, ...options } = scripted(ports, body)
  return {
    ...options,
    files: {
      ...files,
      'vite.config.js': `const PORT = ${ports.page}
const own = {
  name: 'own',
  configureServer({ middlewares }) {
    middlewares.use((request, response, next) => {
      ${middleware}
      return next()
    })
  },
}
export default { cacheDir: '.vite', plugins: [own], server: { port: PORT } }
`,
    },
  }
}

const withHead = (head: string) => (ports: PagePorts) => {
  const { files = {}, ...options } = scripted(ports, 'connect()')
  const page = `<!doctype html><html><head>${head}</head><body><span id="dot"></span><script type="module" src="/src/main.js"></script></body></html>\n`
  return { ...options, files: { ...files, 'index.html': page } }
}

/** A page with a policy of its own. */
export const withPolicy = (policy: (ports: PagePorts) => string) => (ports: PagePorts) =>
  withHead(`<meta http-equiv="Content-Security-Policy" content="${policy(ports)}">`)(ports)

/** A login by name and password, a list that anybody may see, and the header of CORS that django-cors-headers sends. */
export const api = (cors: boolean): ProjectOptions => ({
  settings: cors ? 'MIDDLEWARE = ["updates.cors.Cors"]' : '',
  files: {
    'backend/core/urls.py': `from django.urls import path
from updates import views
urlpatterns = [path("api/login/", views.login), path("api/elections/", views.elections)]
`,
    'backend/updates/views.py': `import json
from django.contrib.auth import authenticate
from django.http import JsonResponse

def elections(request):
    return JsonResponse({"elections": ["board"]})

def login(request):
    from rest_framework_simplejwt.tokens import AccessToken
    user = authenticate(**json.loads(request.body))
    if user is None:
        return JsonResponse({"detail": "wrong username or password"}, status=401)
    return JsonResponse({"access": str(AccessToken.for_user(user))})
`,
    'backend/updates/cors.py': `from django.http import HttpResponse

class Cors:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = HttpResponse() if request.method == "OPTIONS" else self.get_response(request)
        response["Access-Control-Allow-Origin"] = request.headers.get("Origin", "*")
        response["Access-Control-Allow-Credentials"] = "true"
        response["Access-Control-Allow-Headers"] = "content-type"
        return response
`,
  },
})

const withToken: ProjectOptions = { ...api(true), consumer: simplejwtConsumer }
const stored = "localStorage.getItem('access_token')"
/** The URL of a consumer that asks for a token. */
const tokenUrl = (ports: PagePorts, token = stored) => `\`\${${derived(ports)}}?token=\${${token}}\``
const fromToken = `if (${stored} !== null) connect()\nelse document.querySelector('#root').append('Log in first.')`
const loginForm = (ports: PagePorts, keep: string, kept: string) => `
function form() {
  const form = document.createElement('form')
  form.innerHTML = '<input name="username"><input name="password" type="password"><button>Log in</button>'
  form.onsubmit = async (event) => {
    event.preventDefault()
    const body = JSON.stringify(Object.fromEntries(new FormData(form)))
    const answer = await fetch('http://localhost:${ports.backend}/api/login/', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    if (!answer.ok) return form.append('Wrong username or password.')
    const { access } = await answer.json()
    ${keep}
    form.remove()
    connect()
  }
  document.querySelector('#root').append(form)
}

if (${kept} !== null) connect()
else form()`

/** By what is particular about each. */
export const pageProjects = {
  /** The seed's own layout: the backend is where the page is, but for the port. */
  seed: { frontend: seed, socket: 'open' },
  /** Behind https the URL becomes wss:, no backend of a developer speaks TLS, and daphne answers nothing. */
  https: { frontend: (ports) => ({ ...seed(ports), server: https }), secure: true, socket: 'opening' },
  /** To a browser loopback is a safe place: an https page may open ws: there. */
  httpsPlain: {
    frontend: (ports) => ({ ...seed(ports), socket: derived(ports, "'ws:'"), server: https }),
    secure: true,
    socket: 'open',
  },
  proxy: { frontend: proxied, socket: 'open' },
  httpsProxy: { frontend: (ports) => proxied(ports, https), secure: true, socket: 'open' },
  /** `.env` names a port that nobody is on. */
  wrongVariable: {
    frontend: ({ page, nothing }) => ({
      port: page,
      constant: true,
      socket: `\`\${import.meta.env.VITE_WS_URL}${path}\``,
      dotenv: [`VITE_WS_URL=ws://localhost:${nothing}`],
    }),
    socket: 'failed',
  },
  /** The source names the port that the backend had once. */
  oldPort: {
    frontend: ({ page, nothing }) => ({ port: page, constant: true, socket: `'ws://localhost:${nothing}${path}'` }),
    socket: 'failed',
  },
  /** It asks the API first, with its cookies, and the backend allows no other origin. */
  corsMissing: {
    backend: api(false),
    frontend: asking,
    socket: 'none',
  },
  /** The same with what was missing. */
  cors: {
    backend: api(true),
    frontend: asking,
    socket: 'open',
  },
  /** Its own policy lets it connect to its own origin alone. */
  csp: {
    frontend: withPolicy(() => "connect-src 'self'"),
    socket: 'none',
  },
  /** A token that an earlier login left. */
  token: { backend: withToken, frontend: (ports) => scripted(ports, fromToken, tokenUrl(ports)), socket: 'none' },
  /** A form, then a token, then the WebSocket. */
  login: {
    backend: withToken,
    frontend: (ports) => scripted(ports, loginForm(ports, "localStorage.setItem('access_token', access)", stored), tokenUrl(ports)),
    socket: 'none',
  },
  /** The same, and the token is in no storage. */
  loginKept: {
    backend: withToken,
    frontend: (ports) => scripted(ports, `let kept = null\n${loginForm(ports, 'kept = access', 'kept')}`, tokenUrl(ports, 'kept')),
    socket: 'none',
  },
  /** React's StrictMode mounts twice: the first WebSocket is closed before it is open. */
  twice: { frontend: (ports) => scripted(ports, 'connect().close()\nconnect()'), socket: 'open' },
  /** A page without any. */
  without: { frontend: (ports) => scripted(ports, "dot.dataset.state = 'static'"), socket: 'none' },
  throws: {
    frontend: (ports) => scripted(ports, 'const election = undefined\ndocument.title = election.name\nconnect()'),
    socket: 'none',
  },
  /** A script in its head never comes, so what follows never runs. */
  neverLoads: {
    frontend: (ports) => {
      const { files = {}, ...options } = answered(ports, "if (request.url === '/never.js') return")
      return {
        ...options,
        files: { ...files, ...withHead('<script src="/never.js"></script>')(ports).files, 'vite.config.js': files['vite.config.js'] ?? '' },
      }
    },
    socket: 'none',
  },
  /** A picture never comes: its load event neither, but its WebSocket is open. */
  neverWhole: {
    frontend: (ports) => answered(ports, "if (request.url === '/never.png') return", "new Image().src = '/never.png'\nconnect()"),
    socket: 'open',
  },
  gigabyte: {
    frontend: (ports) =>
      scripted(ports, 'globalThis.kept = Array.from({ length: 1024 }, () => new Uint8Array(1 << 20).fill(1))\nconnect()'),
    socket: 'open',
  },
  dialogs: {
    frontend: (ports) =>
      scripted(
        ports,
        "addEventListener('beforeunload', (event) => event.preventDefault())\nalert('one')\nconfirm('two')\nprompt('three')\nconnect()",
      ),
    socket: 'open',
  },
  redirects: {
    frontend: (ports) =>
      answered(ports, "if (request.headers.accept?.includes('text/html')) return response.writeHead(302, { location: request.url }).end()"),
    socket: 'none',
  },
  downloads: {
    frontend: (ports) =>
      answered(
        ports,
        "if (request.headers.accept?.includes('text/html')) response.setHeader('content-disposition', 'attachment; filename=page.html')",
      ),
    socket: 'none',
  },
} as const satisfies Readonly<Record<string, PageProject>>

export type PageProjectName = keyof typeof pageProjects

/** Writes the frontend of a page project, in place of the one that is there; its backend is made of `backend`. Gives the folder. */
export async function writePage(project: Pick<TestProject, 'root'>, page: PageProject, ports: PagePorts): Promise<string> {
  await rm(join(project.root, 'frontend'), { recursive: true, force: true })
  const folder = await writeViteFrontend(project, page.frontend(ports))
  if (page.secure === true) await selfSigned(folder)
  return folder
}
