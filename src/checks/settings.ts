import { judgeClash } from './dependency-clash.ts'
import { raisedText, wantedVariable, type Examination, type ExaminationOf, type Raised } from '../facts/examination.ts'
import { normalName } from '../facts/packages.ts'
import { all, diagnosis, type Diagnosis, type Found, type Seen } from './diagnosis.ts'
import { environmentOf, judgeBoolean, judgeEncoding, judgeMalformed, judgeNotLoaded } from './dotenv.ts'
import type { Evidence } from './evidence.ts'
import { missing, moduleRemoved, startWithout } from './common-causes.ts'
import { distributionOf, isWellKnown } from './distributions.ts'
import { lostModule } from '../plan/own-module.ts'
import { joined } from '../host/paths.ts'
import { removedModule } from './removed-modules.ts'
import { judgeVariables } from './variables.ts'
import { relativeTo } from './python-environment.ts'
import { judgeLines } from './server-log.ts'
import { anew } from './server-process.ts'
import { judgeTooOld } from './python-version.ts'

/** `KeyError: 'SECRET_KEY' (core/settings.py:12)`: an exception as a line of evidence. */
export function raisedLine({ type, message, file, line }: Raised): string {
  const place = typeof file === 'string' ? `   ${file}${typeof line === 'number' ? `:${line}` : ''}` : ''
  const text = message.split('\n')[0]?.slice(0, 300) ?? ''
  return `${type}: ${text}${place}`
}

/** Why the settings can't be imported: asked where nothing of the project serves. Pure. */
export function judgeSettings(evidence: Evidence): Found {
  const { examination } = evidence
  if (examination === undefined) return undefined
  const error = examination.errorOf('settings')
  if (error !== undefined) return judgeImport(evidence, error, 'settings')
  return all(judgeHang(examination), judgeFolders(evidence))
}

/** The first frame of the project that the import stands in. */
function judgeHang(examination: Examination): Diagnosis | undefined {
  if (examination.how !== 'timeout') return undefined
  const standing = examination.get('standing')
  const stage = standing?.stage ?? examination.stage
  if (standing === undefined || (stage !== 'settings' && stage !== 'application')) return undefined
  const own = standing.frames.findLast((frame) => frame.own)
  const inner = standing.frames.at(-1)
  const what = stage === 'settings' ? 'the settings' : 'the ASGI application'
  return diagnosis(
    'settings-import-hang',
    `Importing ${what} does not end`,
    [
      `After ${standing.seconds.toFixed(0)} s the import was still at the same place`,
      ...(own === undefined ? [] : [`${own.file}:${own.line}, in ${own.function}`]),
      ...(inner === undefined || inner === own ? [] : [`It waits in ${inner.file}:${inner.line}, ${inner.function}`]),
    ],
    'Set a time limit on what it waits for; the settings must not block or prompt.',
  )
}

const wordsOf = ({ handler, folder }: { handler: string; folder: string }): string => `Handler '${handler}' writes into ${folder}`

function judgeFolders(evidence: Evidence): Diagnosis | undefined {
  const missing = evidence.examination?.get('folders')?.missing ?? []
  const [first, ...rest] = missing
  if (first === undefined) return undefined
  return diagnosis(
    'log-dir-missing',
    `LOGGING writes to a folder that isn't there: ${first.folder}`,
    [wordsOf(first), ...rest.map((entry) => wordsOf(entry))],
    'Make the folder.',
    missing.map(({ folder }) => ['mkdir', '-p', relativeTo(evidence, folder)]),
  )
}

/** What an exception of an import says, made exact by the files. Shared by the settings and the ASGI application. */
export function judgeImport(evidence: Evidence, error: ExaminationOf<'error'>, what: 'settings' | 'application'): Diagnosis {
  const line = raisedLine(error)
  const seen: Seen = [`Importing ${what === 'settings' ? 'the settings' : 'the ASGI application'}: ${line}`]
  if (error.type === 'EOFError') {
    return diagnosis(
      'settings-import-hang',
      'The settings prompt on the terminal and wait for an answer',
      seen,
      "Don't prompt in the settings: read a variable.",
    )
  }
  const known =
    judgeTooOld(evidence, error, seen) ??
    judgeClash(evidence) ??
    judgeLostModule(evidence, seen) ??
    judgeModuleNotFound(evidence, error, seen) ??
    byMessage(evidence, error, seen)
  if (known !== undefined) return known
  const rule = judgeLines(raisedText(error).split('\n'), 'start')
  const place = rule?.evidence.slice(1) ?? []
  // a name that another module lacks is a mistake of the import, not of what the server was told; which settings are named was asked before
  const judgedBefore: ReadonlySet<string> = new Set(['missing-dep', 'asgi-attribute-missing', 'wrong-settings-module'])
  if (rule !== undefined && !judgedBefore.has(rule.id)) return { ...rule, evidence: [...seen, ...place] }
  return diagnosis(
    'asgi-import-error',
    what === 'settings' ? 'Importing the settings fails' : 'Importing the ASGI application fails',
    seen,
    typeof error.file === 'string'
      ? `Correct ${error.file}${typeof error.line === 'number' ? `:${error.line}` : ''}.`
      : 'Correct the code that is imported.',
  )
}

/** Causes that the `.env` is behind. */
function byMessage(evidence: Evidence, error: ExaminationOf<'error'>, seen: Seen): Diagnosis | undefined {
  const text = raisedText(error)
  if (/codec can't decode byte/.test(text)) {
    const found = judgeEncoding(evidence, seen)
    if (found !== undefined) return found
  }
  const wanted = wantedVariable(text)
  const asked = judgeVariables(evidence, seen)
  if (wanted !== undefined || asked !== undefined) {
    const found = judgeEncoding(evidence, seen) ?? asked ?? judgeNotLoaded(evidence, wanted ?? '', seen)
    if (found !== undefined) return found
  }
  const truth = /ValueError: (?:Invalid truth value|Not a boolean): ?(.*)/i.exec(text)?.[1]
  if (truth !== undefined) return judgeBoolean(evidence, truth, seen)
  const number = /(?:invalid literal for int\(\) with base 10|could not convert string to float): (.*)/.exec(text)?.[1]
  return number === undefined ? undefined : judgeMalformed(evidence, number, seen)
}

/** A file beside manage.py hides the package that an import asked for. */
export function judgeHidden(
  { examination }: Pick<Evidence, 'examination'>,
  { type, message, causes }: Pick<Raised, 'type' | 'message' | 'causes'>,
  seen: Seen,
): Diagnosis | undefined {
  const shadow = /No module named ['"][\w.]+['"]; ['"](\w+)['"] is not a package/.exec(raisedText({ type, message, causes }))?.[1]
  const files = examination?.get('shadows')?.files ?? []
  const wrong = [{ type, message }, ...causes].filter((one) => /^(?:ImportError|AttributeError|ModuleNotFoundError)$/.test(one.type))
  const hidden = files.find(
    ({ name }) => name === shadow || wrong.some((one) => new RegExp(`['"]${name}(?:[.]\\w+)*['"]`).test(one.message)),
  )
  if (shadow === undefined && hidden === undefined) return undefined
  const name = shadow ?? hidden?.name ?? ''
  const file = files.find((candidate) => candidate.name === name)?.file ?? `${name}.py`
  const [last] = causes.slice(-1)
  return diagnosis(
    'module-shadowed',
    `${file} of the project hides the package ${name}`,
    [
      ...seen,
      ...(last === undefined ? [] : [`Behind it: ${last.type}: ${last.message}`]),
      `${file} lies beside manage.py, so \`import ${name}\` finds it first`,
    ],
    `Rename ${file}, and delete its .pyc.`,
  )
}

/** A module that each developer is to make from the sample beside it. */
function judgeLostModule({ examination, checkout }: Evidence, seen: Seen): Diagnosis | undefined {
  const lost = lostModule(examination)
  if (lost === undefined || checkout === undefined) return undefined
  const { backend } = checkout.project
  const [from, to] = [lost.sample, lost.path].map((path) => relativeTo({ checkout }, joined(backend, ...path.split(/[\\/]/))))
  return diagnosis(
    'own-module-missing',
    `${lost.file} imports ${to ?? ''}, which isn't there`,
    [...seen, `${lost.file}:${lost.line} imports ${lost.module}`, `${from ?? ''} is there`],
    'Copy one to the other; its secrets need your own values.',
    [['cp', from ?? '', to ?? '']],
  )
}

function judgeModuleNotFound(evidence: Evidence, error: ExaminationOf<'error'>, seen: Seen): Diagnosis | undefined {
  const hidden = judgeHidden(evidence, error, seen)
  if (hidden !== undefined) return hidden
  const text = raisedText(error)
  const module = /(?:ModuleNotFoundError: No module named|ImportError: No module named|Error loading) ['"]?([\w.]+)/.exec(text)?.[1]
  if (module === undefined) return undefined
  const { checkout, env } = evidence
  const ofShell = env['DJANGO_SETTINGS_MODULE'] === '' ? undefined : env['DJANGO_SETTINGS_MODULE']
  // what asgi.py has set comes before what manage.py names
  const settings = error.settings_module ?? ofShell ?? checkout?.project.settingsModule
  if (settings !== undefined && (settings === module || settings.startsWith(`${module}.`))) {
    const isGiven = evidence.given?.some(([flag, value]) => flag === '--settings' && value === settings) === true
    if (isGiven)
      return diagnosis(
        'wrong-settings-module',
        `--settings names ${settings}, which isn't there`,
        seen,
        'Correct it, or leave it out: manage.py names its settings.',
        anew(evidence),
      )
    const fromShell = settings === ofShell
    return diagnosis(
      'wrong-settings-module',
      `DJANGO_SETTINGS_MODULE names ${settings}, which isn't there`,
      [
        ...seen,
        fromShell
          ? `${environmentOf(evidence, 'DJANGO_SETTINGS_MODULE')}: DJANGO_SETTINGS_MODULE=${settings}`
          : `${settings === checkout?.project.settingsModule ? checkout.project.settingsSource : (error.file ?? 'The ASGI module')} names ${settings}`,
      ],
      'Unset DJANGO_SETTINGS_MODULE, or correct it.',
      fromShell ? startWithout('DJANGO_SETTINGS_MODULE', anew(evidence)) : [],
    )
  }
  const top = module.split('.')[0] ?? module
  if (evidence.ownModules.has(top)) return undefined
  if (/InvalidChannelLayerError/.test(text)) return undefined
  return missingModules(evidence, top, seen)
}

/** The module that an import has failed for, with all others that are nowhere: it names but the first. */
function missingModules({ examination, checkout }: Evidence, top: string, seen: Seen): Diagnosis {
  const python = examination?.get('start')?.python ?? ''
  const removed = removedModule(top, python)
  if (removed !== undefined) return moduleRemoved(top, removed, python, seen)
  const found = (examination?.get('imports')?.missing ?? []).filter(
    ({ module }) => module !== top && removedModule(module, python) === undefined,
  )
  const asked = checkout?.requirements?.names ?? []
  // any other name may be a stranger's on PyPI
  const isSure = ({ module }: { readonly module: string }) =>
    isWellKnown(distributionOf(module)) || asked.includes(normalName(distributionOf(module)))
  const places = found.map((each) => `${each.module}${isSure(each) ? '' : ' (its name on PyPI is not known)'}: ${each.file}:${each.line}`)
  return missing(
    top,
    [...seen, ...(places.length === 0 ? [] : [`Nowhere either: ${places.join(', ')}`])],
    found.filter((each) => isSure(each)).map(({ module }) => module),
  )
}
