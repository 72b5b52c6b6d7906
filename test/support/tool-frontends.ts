/** Real frontends of other dev tools, as small as they run: each opens its WebSocket where the page is, but for the port. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pageProjects, type PagePorts } from './page-projects.ts'
import type { TestProject } from './project.ts'
import { frontendPackages, run, type FrontendName } from './tools.ts'
import { writeViteFrontend } from './vite-frontend.ts'

/** A frontend that isn't Vite's. */
type ToolName = Exclude<FrontendName, `vite-${number}`>

const path = '/ws/election-updates/'
const url = ({ page, backend }: PagePorts) => `'ws://' + location.host.replace(':${page}', ':${backend}') + '${path}'`

/** A component of React; its StrictMode mounts it twice, and the first WebSocket is closed before it is open. */
const component = (ports: PagePorts) => `export default function Election() {
  const [state, setState] = useState('disconnected')
  useEffect(() => {
    const socket = new WebSocket(${url(ports)})
    socket.onopen = () => setState('connected')
    socket.onclose = () => setState('disconnected')
    return () => socket.close()
  }, [])
  return <p data-state={state}>Election</p>
}
`

const manifest = (scripts: object) => JSON.stringify({ name: 'frontend', private: true, scripts, browserslist: ['last 1 chrome version'] })

/** The files of each, which name the page's port where its users do. */
const tools: Readonly<Record<ToolName, (ports: PagePorts) => Readonly<Record<string, string>>>> = {
  'next-16': (ports) => ({
    'package.json': manifest({ dev: `next dev -p ${ports.page}` }),
    'app/layout.js': 'export default function Layout({ children }) {\n  return <html lang="en"><body>{children}</body></html>\n}\n',
    'app/page.js': `'use client'\nimport { useEffect, useState } from 'react'\n\n${component(ports)}`,
  }),
  'create-react-app-5': (ports) => ({
    'package.json': manifest({ start: 'react-scripts start' }),
    '.env': `PORT=${ports.page}\n`,
    'public/index.html': '<!doctype html><html lang="en"><body><div id="root"></div></body></html>\n',
    'src/Election.js': `import { useEffect, useState } from 'react'\n\n${component(ports)}`,
    'src/index.js': `import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import Election from './Election'

createRoot(document.querySelector('#root')).render(<StrictMode><Election /></StrictMode>)
`,
  }),
  'vue-cli-5': (ports) => ({
    'package.json': manifest({ serve: 'vue-cli-service serve' }),
    'vue.config.js': `module.exports = { devServer: { port: ${ports.page} } }\n`,
    'public/index.html': '<!doctype html><html lang="en"><body><div id="app"></div></body></html>\n',
    'src/App.vue': `<template><p :data-state="state">Election</p></template>

<script setup>
import { onMounted, ref } from 'vue'

const state = ref('disconnected')
onMounted(() => {
  const socket = new WebSocket(${url(ports)})
  socket.onopen = () => (state.value = 'connected')
})
</script>
`,
    'src/main.js': "import { createApp } from 'vue'\nimport App from './App.vue'\n\ncreateApp(App).mount('#app')\n",
  }),
}

/**
 * Writes a real frontend with its packages into a project's folder, and gives its
 * folder; undefined where the packages can't be had.
 */
export async function writeToolFrontend(
  project: Pick<TestProject, 'root'>,
  name: FrontendName,
  ports: PagePorts,
): Promise<string | undefined> {
  const packages = await frontendPackages(name)
  if (packages === undefined) return undefined
  if (isVite(name)) return writeViteFrontend(project, { ...pageProjects.seed.frontend(ports), packages })
  const folder = join(project.root, 'frontend')
  for (const [file, text] of Object.entries(tools[name](ports))) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
  // links of the files: Next takes no folder that lies outside of the project, and webpack keeps its cache among the packages
  await run('cp', [process.platform === 'linux' ? '-al' : '-a', join(packages, 'node_modules'), folder])
  return folder
}

const isVite = (name: FrontendName): name is `vite-${5 | 6 | 7 | 8}` => name.startsWith('vite-')
