/** A real Vite frontend of the seed's layout, and the consumer that it speaks with. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { askFrontend, gatherFrontend, withAnswer } from '../../src/facts/frontend-reading.ts'
import { recordOf } from '../../src/host/json.ts'
import type { BackendAddress } from '../../src/plan/frontend-address.ts'
import { planFrontend, type FrontendFacts, type FrontendPlan } from '../../src/plan/frontend.ts'
import type { TestProject } from './project.ts'
import { root as repository } from './tools.ts'

/** Takes votes, and tells each to all sockets: the two-browser-windows test. */
export const votesConsumer = `
from channels.generic.websocket import AsyncJsonWebsocketConsumer

class Updates(AsyncJsonWebsocketConsumer):
    votes = 0

    async def connect(self):
        await self.channel_layer.group_add("updates", self.channel_name)
        await self.accept()
        await self.send_json({"type": "votes", "votes": Updates.votes})

    async def disconnect(self, code):
        await self.channel_layer.group_discard("updates", self.channel_name)

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
        if content.get("type") == "vote":
            Updates.votes += 1
            await self.channel_layer.group_send("updates", {"type": "tally", "votes": Updates.votes})

    async def tally(self, event):
        await self.send_json({"type": "votes", "votes": event["votes"]})
`

/** An asgi.py that lets in the page at one port alone. */
export const onlyOrigin = (page: number) => `import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
from django.core.asgi import get_asgi_application
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.urls import re_path
from updates.consumers import Updates
router = URLRouter([re_path(r"^ws/election-updates/$", Updates.as_asgi())])
application = ProtocolTypeRouter({"http": http, "websocket": OriginValidator(router, ["http://localhost:${page}"])})
`

export interface ViteFrontendOptions {
  /** Port of vite.config.js; the seed's is 3000. */
  readonly port?: number
  /** The port stands in a constant above, which no reading of the entry tells. */
  readonly constant?: boolean
  /** More of `server` in vite.config.js, as it is written: `proxy: { … }`. */
  readonly server?: string
  /** What the page opens, an expression of its source. */
  readonly socket?: string
  /** Lines of `frontend/.env`; undefined: there is none. */
  readonly dotenv?: readonly string[]
  /** More files, relative to `frontend/`. */
  readonly files?: Readonly<Record<string, string>>
  /** False: a clean checkout, whose packages are to be installed from the registry. */
  readonly installed?: boolean
  /** The folder whose node_modules has Vite; the repository's own unless given. */
  readonly packages?: string
}

/** Where the seed's page opens its WebSocket. */
const seedSocket = "`${import.meta.env.VITE_WS_URL ?? 'ws://localhost:8000'}/ws/election-updates/?token=${token}`"

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Election</title>
    <style>
      #dot { display: inline-block; width: 12px; height: 12px; border-radius: 50%; background: red; }
      #dot[data-state='connected'] { background: green; }
    </style>
  </head>
  <body>
    <header><span id="dot" data-state="disconnected"></span> Election</header>
    <p>Votes: <output id="votes">0</output></p>
    <button id="vote">Vote</button>
    <div id="root"></div>
    <script type="module" src="/src/main.js"></script>
  </body>
</html>
`

const script = (socket: string) => `const token = sessionStorage.getItem('token') ?? ''
const url = ${socket}
const dot = document.querySelector('#dot')
const votes = document.querySelector('#votes')
let socket

function connect() {
  socket = new WebSocket(url)
  socket.onopen = () => (dot.dataset.state = 'connected')
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data)
    if (message.type === 'votes') votes.textContent = message.votes
  }
  socket.onclose = () => {
    dot.dataset.state = 'disconnected'
    setTimeout(connect, 500)
  }
}

document.querySelector('#vote').onclick = () => socket.send(JSON.stringify({ type: 'vote' }))
connect()
`

/** Writes the frontend into a project's folder, and gives its folder. */
export async function writeViteFrontend(project: Pick<TestProject, 'root'>, options: ViteFrontendOptions = {}): Promise<string> {
  const { port = 3000, constant = false, server = '', socket = seedSocket, dotenv, installed = true, packages = repository } = options
  const folder = join(project.root, 'frontend')
  const manifest = {
    name: 'frontend',
    private: true,
    type: 'module',
    scripts: { dev: 'vite', build: 'vite build' },
    devDependencies: { vite: await viteVersion(packages) },
  }
  const files: Record<string, string> = {
    'package.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
    // its cache is the checkout's own: the packages may be shared with other runs
    'vite.config.js': `${constant ? `const PORT = ${port}\n` : ''}export default {\n  cacheDir: '.vite',\n  server: {\n    port: ${constant ? 'PORT' : port},\n    ${server}\n  },\n}\n`,
    'index.html': page,
    'src/main.js': script(socket),
    ...(dotenv === undefined ? {} : { '.env': `${dotenv.join('\n')}\n` }),
    ...options.files,
  }
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  if (installed) {
    await mkdir(join(folder, 'node_modules'))
    await symlink(join(packages, 'node_modules', 'vite'), join(folder, 'node_modules', 'vite'), 'junction')
  }
  return folder
}

/** The Vite that is linked: an installation takes the same. */
async function viteVersion(packages: string): Promise<string> {
  const { version } = recordOf(await readFile(join(packages, 'node_modules', 'vite', 'package.json'), 'utf8'))
  if (typeof version !== 'string') throw new Error('there is no Vite in node_modules: npm ci')
  return version
}

/** Plans the frontend of a project as `start` does: its Vite is asked where it is there. */
export async function planOf(
  project: Pick<TestProject, 'root' | 'backend'>,
  backend: BackendAddress,
  port: number,
  more: Partial<FrontendFacts> = {},
): Promise<FrontendPlan> {
  const config = { frontend: undefined, startTimeout: 20_000, stopTimeout: 3000, restart: true }
  const host = { env: process.env, platform: process.platform }
  const files = await gatherFrontend(host, more.config ?? config, project, process.execPath)
  const facts = {
    config,
    ...files,
    backend,
    port,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    color: false,
    platform: process.platform,
    node: process.execPath,
    ...more,
  }
  const first = planFrontend(facts)
  if (first.kind !== 'run') return first
  const asked = await askFrontend(files, { env: first.service.env, node: process.execPath })
  const names = first.variables.map(({ name }) => name)
  return planFrontend({ ...facts, ...(asked?.kind === 'answer' ? withAnswer(files, asked.answer, names) : files), ...more, asked })
}
