import { normalName, requiredName } from './packages.ts'
import type { RequirementLine } from './requirement-lines.ts'
import type { Requirements } from './requirements.ts'

type Kind = 'windows' | 'posix' | 'linux' | 'macos'

/**
 * Distributions that can be installed on one platform alone, whatever asks for
 * them: `pip freeze` writes them down without a condition. From their own
 * wheels and setup.py; what merely has no use elsewhere and installs is not here,
 * but for two that everybody knows by their platform.
 */
const distributions: Readonly<Record<Kind, string>> = {
  windows: `comtypes pycaw pypiwin32 pywin32 pywin32-ctypes pywinauto pywinpty pywinstyles twisted-iocpsupport wexpect win10toast
    win32security windows-curses winkerberos winrt winrt-runtime winsdk winshell wmi`,
  posix: `gnureadline python-prctl uvloop uwsgi`,
  linux: `cysystemd dbus-python evdev inotify pyinotify python-apt rpi-gpio spidev systemd-python`,
  macos: `appnope macfsevents py2app pyobjc rumps`,
}

/** What begins with these belongs to one platform as a whole. */
const families: readonly (readonly [string, Kind])[] = [
  ['pyobjc-', 'macos'],
  ['winrt-windows-', 'windows'],
]

const kinds = new Map(
  (['windows', 'posix', 'linux', 'macos'] as const).flatMap((kind) =>
    distributions[kind].split(/\s+/).map((name) => [name, kind] as const),
  ),
)

/** Where a kind is at home: what isn't there can't be installed, the condition that says so (PEP 508), and the words for people. */
const homes: Readonly<
  Record<Kind, { readonly has: (platform: NodeJS.Platform) => boolean; readonly marker: string; readonly words: string }>
> = {
  windows: { has: (platform) => platform === 'win32', marker: 'sys_platform == "win32"', words: 'it is for Windows alone' },
  posix: { has: (platform) => platform !== 'win32', marker: 'sys_platform != "win32"', words: 'there is none for Windows' },
  linux: { has: (platform) => platform === 'linux', marker: 'sys_platform == "linux"', words: 'it is for Linux alone' },
  macos: { has: (platform) => platform === 'darwin', marker: 'sys_platform == "darwin"', words: 'it is for macOS alone' },
}

function homeOf(name: string): (typeof homes)[Kind] | undefined {
  const kind = kinds.get(name) ?? families.find(([start]) => name.startsWith(start))?.[1]
  return kind === undefined ? undefined : homes[kind]
}

/** The condition that a requirement has to have, because no other machine can have it. Pure. */
export function conditionOf(named: string | undefined, platform: NodeJS.Platform): string | undefined {
  const name = named === undefined ? '' : normalName(requiredName(named))
  const home = homeOf(name)
  if (home !== undefined) return home.has(platform) ? undefined : home.marker
  return name === 'backports-zoneinfo' ? 'python_version < "3.9"' : undefined
}

/** What the project asks for, without the lines that another platform alone can have; these are kept apart, in `left`. Pure. */
export function forPlatform(requirements: Requirements, platform: NodeJS.Platform): Requirements {
  const isForeign = ({ name, marker, isConstraint }: RequirementLine) =>
    marker === undefined && isConstraint === undefined && homeOf(name)?.has(platform) === false
  const { lines = [], development = [], names } = requirements
  const left = [...lines, ...development].filter(isForeign)
  if (left.length === 0) return requirements
  return {
    ...requirements,
    lines: lines.filter((line) => !isForeign(line)),
    development: development.filter((line) => !isForeign(line)),
    names: names.filter((name) => !left.some((line) => line.name === name)),
    left,
  }
}

/** What is left out of an installation, a line each with its reason; `shown`: a path as a person in the checkout writes it. Pure. */
export function leftOutWords(requirements: Requirements | undefined, shown: (path: string) => string): string[] {
  return (requirements?.left ?? []).map(
    ({ name, spec, file, line }) => `${shown(file)}:${line}: ${spec} is left out: ${homeOf(name)?.words ?? ''}`,
  )
}
