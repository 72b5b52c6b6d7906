import { basename } from 'node:path'
import { readBytes } from '../host/files.ts'
import { installFailure, type InstallFailure } from '../facts/installer-output.ts'
import { LauncherError } from '../errors.ts'
import { pathFrom } from '../host/paths.ts'
import type { CommandAction } from '../plan/install.ts'
import { missingPackages } from '../plan/environment.ts'
import type { CommandFailed } from '../run/command.ts'
import { judgeInstall, judgeLeftOut } from './install-judgement.ts'
import type { SetupSeen } from './setup.ts'

/** What an installer that has failed says, as the error that names the line of the requirements; the error itself where nothing of it is telling. */
export async function installError(
  error: CommandFailed,
  { argv, installs = [], files = [] }: CommandAction,
  around: { readonly root: string; readonly python: string | undefined; readonly platform: NodeJS.Platform },
): Promise<LauncherError> {
  const failure = installFailure(error.lines)
  if (failure === undefined) return error
  const read = [...new Set([...files, ...installs.map(({ file }) => file)])]
  const found = judgeInstall(failure, {
    asked: installs,
    lines: error.lines,
    python: around.python,
    platform: around.platform,
    shown: (path) => pathFrom(around.root, path),
    broken: await brokenPlace(failure, read),
    utf16: await utf16Of(read),
    isWhole: argv.includes('pip') || argv[0] === 'uv',
  })
  if (found !== undefined) return found
  const isReached = failure.kind === 'download'
  const what = isReached
    ? `what the package index gave${failure.named === undefined ? '' : ` of ${failure.named}`} is broken`
    : "the package index can't be reached"
  const more = isReached ? " Where it stays so, the index, a proxy before it or the installer's cache is broken." : ''
  return new LauncherError(error.code, `The packages could not be fetched: ${what}`, {
    evidence: [...failure.words.map((word) => `The installer: ${word}`), 'None of it was installed; what was made before stays'],
    hint: `${isReached ? 'Run it again' : 'Look at the network, and run it again'}: election-dev start --setup continues from here.${more}`,
  })
}

/** What an installation has left out though it ended well, where the same one is all that could be done next. */
export function leftOut({ checkout, choice }: SetupSeen): LauncherError | undefined {
  if (choice.kind !== 'packages-missing') return undefined
  const { requirements, project } = checkout
  const asked = [...(requirements?.lines ?? []), ...(requirements?.development ?? [])]
  const lacks = missingPackages(requirements?.names ?? [], choice)
  return judgeLeftOut(lacks.length > 0 ? lacks : choice.missing, {
    asked,
    python: choice.environment.version,
    shown: (path) => pathFrom(project.root, path),
    file: requirements?.file,
  })
}

/** Those of the files that begin with the mark of UTF-16. */
async function utf16Of(files: readonly string[]): Promise<ReadonlySet<string>> {
  const marks = await Promise.all(files.map(async (file) => (await readBytes(file).catch(() => undefined))?.subarray(0, 2).toString('hex')))
  return new Set(files.filter((_, index) => marks[index] === 'fffe' || marks[index] === 'feff'))
}

/** Where a file isn't UTF-8, or the line that so many bytes come before. */
async function brokenPlace({ kind, place }: InstallFailure, files: readonly string[]): Promise<{ file: string; line: number } | undefined> {
  if (kind !== 'encoding' && place === undefined) return undefined
  for (const file of files) {
    if (place !== undefined && basename(file) !== basename(place.file)) continue
    const bytes = await readBytes(file).catch(() => undefined)
    if (bytes === undefined) continue
    if (place?.line !== undefined) return { file, line: place.line }
    const end = place?.offset ?? undecodable(bytes)
    if (end !== undefined) return { file, line: bytes.subarray(0, end).toString('latin1').split('\n').length }
  }
  return undefined
}

/** How many bytes come before the line with the first one that isn't UTF-8; undefined where all is. */
function undecodable(bytes: Uint8Array): number | undefined {
  let before = 0
  for (const line of Buffer.from(bytes).toString('latin1').split('\n')) {
    if (Buffer.from(line, 'latin1').toString('utf8').includes('\uFFFD')) return before
    before += line.length + 1
  }
  return undefined
}
