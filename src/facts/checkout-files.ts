import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { readText } from '../host/files.ts'
import type { ServersFact } from './server-process.ts'

const passedOver = /^(?:\.|node_modules$|venv$|env$|dist$|build$|static$|media$|site-packages$|__pycache__$|tests?$|migrations$)/
/** As many files are looked at, and no more: a checkout can hold anything. */
const mostFiles = 3000

/** Names that an import finds in the backend's folder first: its modules and packages. Never throws. */
export async function modulesOf(backend: string): Promise<Set<string>> {
  const entries = await readdir(backend, { withFileTypes: true }).catch(() => [])
  const names = entries.flatMap((entry) => {
    if (entry.isDirectory()) return passedOver.test(entry.name) ? [] : [entry.name]
    return entry.name.endsWith('.py') ? [entry.name.slice(0, -3)] : []
  })
  return new Set(names)
}

/** Python files of the backend that were changed after a point in time (milliseconds since 1970), relative to it; the ones that matter to sockets first. Never throws. */
async function changedSince(backend: string, time: number): Promise<string[]> {
  const files = await sourcesBelow(backend, passedOver)
  const entries = await Promise.all(files.map((file) => stat(file).catch(() => undefined)))
  const found = files.filter((_, index) => (entries[index]?.mtimeMs ?? 0) > time)
  return found.map((file) => relative(backend, file).split(sep).join('/')).toSorted((one, other) => weight(one) - weight(other))
}

/** Files of the backend that are newer than the project's server at this port, relative to it. Never throws. */
export async function newerFiles(backend: string | undefined, { ofProject }: ServersFact, port: number): Promise<string[]> {
  const server = ofProject.find(({ listens }) => listens.some((one) => one.port === port))
  if (backend === undefined || server?.startedAt === undefined || server.command?.reload === true) return []
  // the start of a process is known to the second: the time of the boot is told in whole ones
  return changedSince(backend, (server.servingSince ?? server.startedAt) + 2000)
}

/** What a socket goes through comes first. */
const weight = (file: string): number => (/(?:routing|asgi|consumers|settings|urls)\.py$/.test(file) ? 0 : 1)

/** Python files below a folder, nearest first, without those in folders that are passed over; `levels`: how deep they may lie. */
export async function sourcesBelow(top: string, passed: RegExp, levels = Infinity): Promise<string[]> {
  const files: string[] = []
  let folders = [top]
  for (let level = 0; level < levels && folders.length > 0; level += 1) {
    const below: string[] = []
    for (const folder of folders) {
      if (files.length >= mostFiles) return files
      for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
        const path = join(folder, entry.name)
        if (entry.isDirectory() && !passed.test(entry.name)) below.push(path)
        else if (entry.isFile() && entry.name.endsWith('.py')) files.push(path)
      }
    }
    folders = below
  }
  return files
}

/** A line of a file, 1-based; undefined where there is none. */
export async function lineOf(file: string, line: number): Promise<string | undefined> {
  return (await readText(file))?.split(/\r\n|\n|\r/)[line - 1]
}

/** Ports below this one are for root alone; undefined where the system doesn't say, as anywhere but on Linux (ip-sysctl: ip_unprivileged_port_start). */
export async function privilegedPorts(platform: NodeJS.Platform): Promise<number | undefined> {
  if (platform !== 'linux') return undefined
  const text = (await readText('/proc/sys/net/ipv4/ip_unprivileged_port_start')) ?? ''
  const port = Number.parseInt(text, 10)
  return Number.isNaN(port) ? undefined : port
}
