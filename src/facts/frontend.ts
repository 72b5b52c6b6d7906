import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from '../host/files.ts'

/** Vite's own default (https://vite.dev/config/server-options#server-port). */
const VITE_PORT = 5173

/**
 * The Origin that the page of the project's own dev server has, such as
 * `http://localhost:3000`: what the browser will send with the handshake.
 * Undefined where there is no frontend with a dev server that is known.
 */
export async function frontendOrigin(root: string, backend: string): Promise<string | undefined> {
  for (const folder of [join(root, 'frontend'), join(root, 'client'), join(root, 'web'), root]) {
    if (folder === backend && folder !== root) continue
    const manifest = await readText(join(folder, 'package.json'))
    if (manifest === undefined) continue
    const port = devServerPort(manifest, await viteConfig(folder))
    if (port !== undefined) return `http://localhost:${port}`
  }
  return undefined
}

/** The port of the dev server: `--port` of the dev script, `server.port` of the Vite configuration, else the tool's default. */
export function devServerPort(manifest: string, viteConfigText: string): number | undefined {
  const script = /"(?:dev|start)"\s*:\s*"([^"]*)"/.exec(manifest)?.[1] ?? ''
  const flagged = /--port[ =](\d+)/.exec(script)?.[1] ?? /\bPORT=(\d+)/.exec(script)?.[1]
  if (flagged !== undefined) return Number(flagged)
  if (/"vite"\s*:/.test(manifest)) {
    const configured = /\bserver\s*:\s*\{[^}]*?\bport\s*:\s*(\d+)/s.exec(viteConfigText)?.[1]
    return configured === undefined ? VITE_PORT : Number(configured)
  }
  // create-react-app and Next.js
  return /"(?:react-scripts|next)"\s*:/.test(manifest) ? 3000 : undefined
}

async function viteConfig(folder: string): Promise<string> {
  const names = await readdir(folder).catch(() => [])
  const name = names.find((entry) => /^vite\.config\.[cm]?[jt]s$/.test(entry))
  return name === undefined ? '' : ((await readText(join(folder, name))) ?? '')
}
