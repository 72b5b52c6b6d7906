import type { FixFacts } from './step.ts'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { Evidence } from '../checks/evidence.ts'
import { shadowOf } from './planners/environment.ts'
import { redisNow, redisProtocol } from '../facts/redis-now.ts'
import { sourcesBelow } from '../facts/checkout-files.ts'
import { noSources } from '../facts/manage-py-places.ts'
import { installersOf } from '../facts/programs.ts'
import { readText, readBytes } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { processTable } from '../host/process-table.ts'

/** Gathers what only a fix needs to know. Never throws. */
export async function gatherFixFacts(
  host: Host,
  evidence: Pick<Evidence, 'checkout' | 'choice' | 'dotenv' | 'frontend' | 'examination'>,
  id: string,
): Promise<FixFacts> {
  const { checkout, frontend, dotenv } = evidence
  const project = checkout?.project
  const written = [...(frontend?.urls ?? []), ...(frontend?.variables ?? []), ...(frontend?.proxies ?? [])]
  const files = new Set([
    ...(project?.settingsFiles ?? []),
    ...(checkout?.requirements === undefined ? [] : [checkout.requirements.file]),
    ...(dotenv?.others ?? []).map(({ path }) => path),
    ...(evidence.examination?.get('variables')?.loads ?? []).map(({ path }) => path),
    ...(project === undefined ? [] : written.map(({ file }) => join(project.root, frontend?.folder ?? 'frontend', ...file.split('/')))),
  ])
  const sources = project === undefined ? [] : await sourcesBelow(project.backend, noSources, 3)
  const asgi = project === undefined ? [] : await asgiModules(project.backend, project.settingsModule, sources)
  for (const { file } of asgi) if (file !== undefined) files.add(file)
  const texts = new Map<string, string>()
  for (const file of files) {
    const text = await readText(file)
    if (text !== undefined) texts.set(file, text)
  }
  const secrets = new Map<string, string>()
  const secret = host.secrets.add(randomBytes(48).toString('base64url'))
  return {
    platform: host.platform,
    ...(await installersOf(host, checkout?.requirements)),
    texts,
    dotenvBytes: dotenv?.fact.kind === 'unreadable' ? await readBytes(dotenv.fact.path).catch(() => undefined) : undefined,
    asgi,
    started: new Map((await processTable(host))?.map(({ pid, started }) => [pid, started])),
    redisUsable: id === 'layer-inmemory-multi-instance' ? await usable(evidence) : undefined,
    ...(id === 'module-shadowed' && project !== undefined
      ? await aroundShadow(project.root, project.backend, sources, evidence)
      : { importers: [], compiled: [] }),
    secret,
    secretFor: (name) => {
      const key = secrets.get(name) ?? host.secrets.add(randomBytes(48).toString('base64url'))
      secrets.set(name, key)
      return key
    },
  }
}

/** Applications by the names that their modules give them: `application` first, then routers, then Django's own handler. */
async function asgiModules(backend: string, settingsModule: string, sources: readonly string[]): Promise<FixFacts['asgi']> {
  const beside = [...settingsModule.split('.').slice(0, -1), 'asgi'].join('.')
  const found = await Promise.all(
    sources
      .filter((file) => file.endsWith(`${sep}asgi.py`))
      .map(async (file) => {
        const text = (await readText(file)) ?? ''
        const plain = /^(?:async\s+def\s+)?application\b/m.test(text) ? ['application'] : []
        const routers = [...text.matchAll(/^(\w+)\s*=\s*\w*(?:Router|Validator|Middleware\w*)\(/gm)].flatMap(([, name]) => name ?? [])
        const handlers = [...text.matchAll(/^(\w+)\s*=\s*get_asgi_application\(/gm)].flatMap(([, name]) => name ?? [])
        const module = relative(backend, file).replace(/\.py$/, '').split(sep).join('.')
        return { module, file, names: [...new Set([...plain, ...routers, ...handlers])] }
      }),
  )
  return found.toSorted((a, b) => Number(b.module === beside) - Number(a.module === beside))
}

async function usable({ checkout, choice }: Pick<Evidence, 'checkout' | 'choice'>): Promise<boolean | undefined> {
  const { packages } = choice?.environment ?? {}
  if (checkout === undefined || packages === undefined) return undefined
  if (!packages.has('channels-redis')) return false
  return (await redisNow(checkout.redis, redisProtocol(packages))).fact?.usable
}

async function aroundShadow(
  root: string,
  backend: string,
  sources: readonly string[],
  evidence: Pick<Evidence, 'examination'>,
): Promise<Pick<FixFacts, 'importers' | 'compiled'>> {
  const file = shadowOf(evidence)
  const name = file?.replace(/\.py$|\/__init__\.py$/, '')
  if (file === undefined || name === undefined) return { importers: [], compiled: [] }
  const cache = join(backend, '__pycache__')
  const compiled = (await readdir(cache).catch(() => [])).filter((entry) => entry.startsWith(`${name}.`) && entry.endsWith('.pyc'))
  const pattern = new RegExp(String.raw`^\s*(?:from\s+${name}\s+import|import\s+${name}\b(?!\.))`)
  const importers: string[] = []
  for (const source of sources) {
    const lines = ((await readText(source)) ?? '').split('\n')
    for (const [index, line] of lines.entries())
      if (pattern.test(line)) importers.push(`${relative(root, source).split(sep).join('/')}:${index + 1}`)
  }
  return { importers, compiled: compiled.map((entry) => join(cache, entry)) }
}
