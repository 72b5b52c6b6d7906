import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { layerBlock, type LayerBlock } from '../fix/planners/layer-block.ts'
import { flagsOf } from '../config/flags.ts'
import type { OptionsOf } from '../config/options/call.ts'
import type { Config } from '../config/config.ts'
import { resolveConfig } from '../config/resolve.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import { readCheckout, type Checkout } from '../facts/checkout.ts'
import { exactText, packageFolders } from '../facts/init-project.ts'
import { asgiApplicationOf, withoutComments } from '../facts/manage-py.ts'
import { readOldScripts, type OldScript } from '../facts/old-scripts.ts'
import { shown } from '../facts/project.ts'
import { projectFolders, type PythonEnvironment } from '../facts/python.ts'
import { pythonWish } from '../facts/python-wish.ts'
import { isFile, readText } from '../host/files.ts'
import type { Host } from '../host/host.ts'
import { nodeHost } from '../host/node-host.ts'
import { choosePython } from '../plan/environment.ts'
import { decideInit, type InitFacts } from '../plan/init.ts'
import type { CiFacts, CiKind } from '../plan/init-ci.ts'
import { configName, decideFiles, gitlabJobName, validConfig, workflowName, type FileChange, type InitFiles } from '../plan/init-files.ts'
import { replacedScripts } from '../plan/init-scripts.ts'
import type { InitDecision, InitNote } from '../plan/init-sources.ts'
import { chooseServer } from '../plan/server.ts'
import { initEnd, initJson, initText, type InitRun } from '../report/init.ts'
import { ciTemplate, writeInit } from '../run/init-write.ts'
import { ask } from '../host/ask.ts'

/**
 * `election-dev init`: what the project's old scripts did as a configuration,
 * npm scripts, a line for git and, with `--ci`, a CI job, shown as a diff and written with
 * the user's word. Gives 0 where it was written or nothing is to do, 1 where
 * something is to do and nothing was written.
 */
export async function initCommand(options: OptionsOf<'init'>): Promise<number> {
  const host = nodeHost({ cwd: options.cwd })
  const { dryRun, yes, ci, replaceScripts, ...rest } = options
  // true where it stands without a module
  const settings: string | boolean | undefined = options.settings
  const { settings: _, ...withoutModule } = rest
  const flags = flagsOf(typeof settings === 'string' ? rest : withoutModule)
  const config = await resolveConfig(host, flags)
  const found = await findCheckout(host, config, flags)
  hideSecrets(host, found.scripts)
  const run = await decide(host, found, {
    settings: settings !== undefined,
    ci,
    scripts: replaceScripts === true,
  })
  const say = (lines: readonly string[]): void => {
    if (!config.json) for (const line of lines) host.terminal.out(line)
  }
  say(initText(host, run))
  const done = run.changes.length === 0
  const asks = !done && dryRun !== true && yes !== true && !config.json && host.terminal.interactive
  const may = !done && dryRun !== true && (yes === true || (asks && (await ask(host, 'Write it?'))))
  const backup = may ? await writeInit(host, host.cwd, run.changes, found.environment?.python) : undefined
  const ended: InitRun = { ...run, written: may, backup }
  say(initEnd(ended, asks))
  const status = done || may ? ExitCode.ok : ExitCode.finding
  if (config.json) host.terminal.json(initJson(ended, status === ExitCode.ok))
  return status
}

interface Found {
  readonly checkout: Checkout
  readonly scripts: readonly OldScript[]
  /** False: `start` wouldn't find the backend by itself. */
  readonly findsBackend: boolean
  readonly environment: PythonEnvironment | undefined
  readonly variable: string
}

/** The checkout; where its backend can't be found, the folder that the old scripts go to is asked. */
async function findCheckout(host: Host, config: Config, flags: Parameters<typeof resolveConfig>[1]): Promise<Found> {
  const first = await readCheckout(host, config).catch((error: unknown) => {
    if (error instanceof LauncherError && (error.code === 'no-project' || error.code === 'several-projects')) return error
    throw error
  })
  const found = async (checkout: Checkout, findsBackend: boolean): Promise<Found> => {
    const choice = choosePython(checkout.python, checkout.requirements?.names)
    const backend = shown(checkout.project, checkout.project.backend)
    return {
      checkout,
      findsBackend,
      scripts: await readOldScripts(host.cwd, [...new Set([backend, 'backend', '.'])]),
      environment: choice.environment,
      variable: config.channelLayerVariable,
    }
  }
  if (!(first instanceof LauncherError))
    return found(first, config.source('backend') !== '--backend' || (await readsSame(host, flags, first)))
  const scripts = await readOldScripts(host.cwd, ['backend', '.'])
  for (const { cwd, role } of scripts.flatMap(({ commands }) => commands)) {
    if (cwd === undefined || (role.kind !== 'backend' && role.kind !== 'wsgi-only')) continue
    if (await isFile(join(host.cwd, ...cwd.split('/'), 'manage.py')))
      return found(await readCheckout(host, await resolveConfig(host, { ...flags, backend: cwd })), false)
  }
  throw first
}

/** True where the same backend is found without the flag that names it. */
async function readsSame(host: Host, flags: Parameters<typeof resolveConfig>[1], { project }: Checkout): Promise<boolean> {
  const { backend: _, ...others } = flags
  const alone = await readCheckout(host, await resolveConfig(host, others)).catch(() => undefined)
  return alone?.project.backend === project.backend
}

/** Nothing that a script holds as a secret shows in any line. */
function hideSecrets(host: Host, scripts: readonly OldScript[]): void {
  for (const { env } of scripts.flatMap(({ commands }) => commands)) for (const { name, value } of env) host.secrets.addNamed(name, value)
}

async function decide(host: Host, found: Found, asked: { settings: boolean; ci: string | undefined; scripts: boolean }): Promise<InitRun> {
  const { checkout, scripts } = found
  const { project } = checkout
  const packages = await packageFolders(host.cwd)
  const backend = shown(project, project.backend)
  const decision = decideInit(factsOf(host, found, new Map(packages.map(({ folder, script }) => [folder, script]))))
  const valid = validConfig(decision.config)
  const text = await settingsText(checkout)
  const frontendFolder = (valid.config.frontend || undefined)?.folder ?? 'frontend'
  const frontend = packages.find(({ folder }) => folder === frontendFolder) ?? packages.find(({ script }) => script !== undefined)
  const ciFacts: CiFacts = {
    backend,
    requirements: checkout.requirements && { kind: checkout.requirements.kind, file: shown(project, checkout.requirements.file) },
    frontend,
    redis: usesRedis(checkout, decision, text),
    layerVariable: checkout.layerVariable,
    python: await pythonWish(project.root, await projectFolders(project)),
  }
  const ci = ciKind(asked.ci)
  const files = decideFiles(await filesOf(host.cwd), valid.config, ci, ciFacts)
  const settings = asked.settings ? await settingsBlock(found) : undefined
  const replaced = asked.scripts ? replacedScripts(scripts, await scriptTexts(host.cwd, scripts)) : { changes: [], notes: [] }
  const changes: FileChange[] = [...files.changes, ...replaced.changes]
  if (settings?.kind === 'edit')
    changes.push({ file: shown(project, settings.file), before: settings.before, after: settings.after, language: 'python' })
  return {
    config: valid.config,
    read: scripts
      .filter(({ commands, kind }) => kind !== 'manifest' || commands.some(({ role }) => role.kind !== 'other'))
      .map(({ file }) => file),
    taken: decision.taken,
    warnings: decision.warnings,
    notes: [
      ...decision.notes,
      ...valid.notes,
      ...files.notes,
      ...replaced.notes,
      ...(asked.settings ? settingsNotes(text, found.environment) : []),
    ],
    changes,
    settings: settings?.kind === 'refused' ? { ...settings, file: shown(project, settings.file) } : settings,
    written: false,
    backup: undefined,
  }
}

function factsOf(host: Host, { checkout, scripts, findsBackend, environment }: Found, devScripts: InitFacts['devScripts']): InitFacts {
  const { project } = checkout
  const { hasDaphneApp } = project
  const server = environment && chooseServer({ packages: environment.packages, hasDaphneApp, wanted: undefined })
  return {
    ...project,
    scripts,
    platform: host.platform,
    backend: shown(project, project.backend),
    findsBackend,
    server: server?.kind === 'server' ? server.name : undefined,
    layerVariable: checkout.layerVariable,
    wishesRedis: checkout.wish.kind === 'set' ? checkout.wish.redis : undefined,
    dotenv: shown(project, project.dotenv),
    devScripts,
  }
}

/** Redis is wanted by the environment, `.env` or the old scripts; or the settings know no other layer. */
function usesRedis({ wish, layerVariable }: Checkout, { config }: InitDecision, settings: string): boolean {
  if (layerVariable !== undefined)
    return config.channelLayer === 'redis' || (config.channelLayer === undefined && wish.kind === 'set' && wish.redis)
  return /channels_redis\./.test(settings) && !/InMemoryChannelLayer/.test(settings)
}

async function settingsText({ project }: Checkout): Promise<string> {
  const texts = await Promise.all(project.settingsFiles.map((file) => readText(file)))
  return texts.map((text) => withoutComments(text ?? '')).join('\n')
}

/** A job runs for everybody who pushes: only where it is asked for. */
function ciKind(asked: string | undefined): CiKind | undefined {
  return asked === 'github' || asked === 'gitlab' ? asked : undefined
}

async function scriptTexts(root: string, scripts: readonly OldScript[]): Promise<ReadonlyMap<string, string | undefined>> {
  const read = ({ file }: OldScript) => exactText(join(root, ...file.split('/')), file).catch(() => undefined)
  return new Map(await Promise.all(scripts.map(async (script) => [script.file, await read(script)] as const)))
}

async function filesOf(root: string): Promise<InitFiles> {
  const read = (name: string) => exactText(join(root, ...name.split('/')), name)
  const [config, manifest, gitignore, workflow, gitlabJob, gitlabCi] = await Promise.all([
    read(configName),
    read('package.json'),
    read('.gitignore'),
    read(workflowName),
    read(gitlabJobName),
    read('.gitlab-ci.yml'),
  ])
  const others = (await readdir(root)).filter((name) => /^election-dev\.config\.(?:m?js|ts)$/.test(name))
  const inManifest = manifest !== undefined && /^\s*"election-dev"\s*:\s*\{/m.test(manifest) ? 'package.json#election-dev' : undefined
  const templates = { github: await ciTemplate('github'), gitlab: await ciTemplate('gitlab') }
  return { otherConfig: others[0] ?? inManifest, config, manifest, gitignore, workflow, gitlabJob, gitlabCi, templates }
}

async function settingsBlock({ checkout, variable, environment }: Found): Promise<LayerBlock> {
  const { project } = checkout
  const texts = await Promise.all(project.settingsFiles.map((file) => exactText(file, shown(project, file))))
  const files = project.settingsFiles.flatMap((file, index) => (texts[index] === undefined ? [] : [{ file, text: texts[index] }]))
  const asked = checkout.requirements?.lines?.find(({ name }) => name === 'channels-redis')?.spec
  const layerVersion = environment?.packages.get('channels-redis') ?? /==\s*(\d[\w.]*)/.exec(asked ?? '')?.[1]
  return layerBlock({ files, reader: project.dotenvReader, variable, variables: project.variables, layerVersion })
}

/** What the layer is of no use without. */
function settingsNotes(settings: string, environment: PythonEnvironment | undefined): InitNote[] {
  return [
    ...(/["']channels(?:\.apps\.\w+)?["']/.test(settings)
      ? []
      : [{ text: '"channels" is not in INSTALLED_APPS', hint: 'election-dev doctor names what follows from it, and --fix corrects it.' }]),
    ...(asgiApplicationOf(settings) === undefined && !/^ASGI_APPLICATION\b/m.test(settings)
      ? [{ text: 'ASGI_APPLICATION is not set', hint: 'election-dev doctor --fix sets it.' }]
      : []),
    ...(environment?.packages.has('channels-redis') === false
      ? [
          {
            text: 'channels_redis is not installed: the in-memory layer works without it, Redis does not',
            hint: 'python -m pip install channels_redis',
          },
        ]
      : []),
  ]
}
