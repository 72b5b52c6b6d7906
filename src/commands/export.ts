import { resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { flagsOf } from '../config/flags.ts'
import { callOptions, type OptionsOf } from '../config/options/call.ts'
import { resolveConfig } from '../config/resolve.ts'
import { ExitCode, usageError } from '../errors.ts'
import { readCheckout, type Checkout } from '../facts/checkout.ts'
import { readDeployment } from '../facts/deployment.ts'
import { examine } from '../facts/examine.ts'
import { plainPaths } from '../facts/routes.ts'
import { shown, usualPath } from '../facts/project.ts'
import type { Host } from '../host/host.ts'
import { nodeHost } from '../host/node-host.ts'
import { choosePython } from '../plan/environment.ts'
import { planners } from '../plan/export-files.ts'
import { managedLook } from '../plan/way.ts'
import { deployable, exportTargets, type ExportRequest, type ExportTarget } from '../plan/export.ts'
import { exportDiff, exportJson, exportText, type ExportRun } from '../report/export.ts'
import { compareExport, writeExport } from '../run/export-write.ts'
import { ask } from '../host/ask.ts'

/** Milliseconds for the project to say its routes. */
const inspectMs = 20_000

/**
 * `election-dev export compose|kubernetes|procfile`: writes a set-up for several
 * instances from what the checkout says. Files that are there already change
 * only after their diff and a yes. Gives 0, or 1 where they were to change and
 * nobody said yes.
 */
export async function exportCommand(name: string, options: OptionsOf<'export'>): Promise<number> {
  const { host: _, ...rest } = options
  const target = exportTargets.find((known) => known === name)
  if (target === undefined) throw usageError('usage', `There is no export for ${name}`)
  const host = nodeHost({ cwd: options.cwd })
  const config = await resolveConfig(host, flagsOf(rest))
  const checkout = await readCheckout(host, config)
  const request = requestOf(checkout.project.root, target, options)
  const facts = await readDeployment(config, checkout, await socketPath(host, config, checkout))
  const plan = planners[target](deployable(facts, target === 'procfile' ? { ...request, replicas: 1 } : request), request)
  const states = await compareExport(request.out, plan)
  const before = { target, folder: shown(checkout.project, request.out), plan, states }
  const outcome = await carryOut(host, config, before, request.out, { dryRun: options.dryRun === true, yes: options.yes === true })
  const run: ExportRun = { ...before, outcome }
  if (config.json) host.terminal.json(exportJson(run))
  else for (const line of exportText(host, run)) host.terminal.out(line)
  return outcome === 'refused' ? ExitCode.finding : ExitCode.ok
}

/** Shows what would change, asks where somebody can answer, and writes all of it or nothing. */
async function carryOut(
  host: Host,
  config: Config,
  { plan, states, folder }: Omit<ExportRun, 'outcome'>,
  out: string,
  { dryRun, yes }: { dryRun: boolean; yes: boolean },
): Promise<ExportRun['outcome']> {
  const diff = exportDiff({ folder, states })
  if (!config.json) for (const line of diff) host.terminal.out(`  ${line}`)
  if (dryRun) return 'dry-run'
  if (states.every(({ kind }) => kind === 'same' || kind === 'kept')) return 'unchanged'
  if (diff.length > 0 && !yes && (config.json || !(await ask(host, 'Change these files?')))) return 'refused'
  await writeExport(out, plan, states)
  return 'written'
}

/** Without a word of the user's, the usual route where it stands in the routing; else the project is asked for its routes. */
async function socketPath(host: Host, config: Config, checkout: Checkout): Promise<string | undefined> {
  const { project } = checkout
  if (config.path !== undefined) return config.path
  if (project.hasUsualRoute) return usualPath
  const choice = choosePython(checkout.python, checkout.requirements?.names)
  if (choice.kind !== 'ready') return undefined
  const inspection = examine(host, {
    ...managedLook(host.env, config, project, choice.environment.python),
    tell: ['settings', 'application'],
    deadlineMs: inspectMs,
  })
  const routes = await inspection.get('application')
  inspection.cancel()
  return plainPaths(routes?.routes ?? [])[0]
}

function requestOf(root: string, target: ExportTarget, asked: OptionsOf<'export'>): ExportRequest {
  const { proxy = callOptions.proxy.default, replicas = callOptions.replicas.default, host = callOptions.host.default, image } = asked
  if (replicas < 1) throw usageError('usage', '--replicas must be 1 or more')
  // RFC 1123; what is no host name would be refused by the cluster, or change the meaning of a file
  if (!/^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(host))
    throw usageError('usage', '--host must be a host name, such as election.example.org')
  if (image !== undefined && !/^[\w][\w./:@-]*$/.test(image))
    throw usageError('usage', '--image must be the name of an image, such as example.org/election:1')
  const standard = target === 'procfile' ? '.' : `deploy/${target}`
  const words = [
    `election-dev export ${target}`,
    ...(target === 'compose' ? [`--proxy ${proxy}`] : []),
    ...(target === 'procfile' ? [] : [`--replicas ${replicas}`]),
    ...(target === 'kubernetes' ? [`--host ${host}`] : []),
    ...(image === undefined || target === 'procfile' ? [] : [`--image ${image}`]),
  ]
  return { target, out: resolve(root, asked.out ?? standard), proxy, replicas, host, image, command: words.join(' ') }
}
