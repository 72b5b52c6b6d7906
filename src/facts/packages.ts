import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { runToEnd } from '../host/processes.ts'
import { parseJson } from '../host/json.ts'

/** Installed distributions: normalised name → version. */
export type Packages = ReadonlyMap<string, string>

/** `Python_Decouple` and `python.decouple` are the same distribution (PEP 503). */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}

/** The distribution of a requirement, normalised: `uvicorn` of `uvicorn[standard]>=0.30`. */
export function requiredName(requirement: string): string {
  return normalName(/^[\w.-]+/.exec(requirement)?.[0] ?? requirement)
}

/** The distributions that the entries of a site-packages folder tell of: `Django-5.2.8.dist-info` (PEP 376, PEP 427), or an egg. */
export function packagesOf(entries: readonly string[]): Packages {
  const packages = new Map<string, string>()
  for (const entry of entries) {
    const match = /^(.+?)-(\d[^-]*)(?:-py[\d.]+)?\.(?:dist-info|egg-info|egg)$/.exec(entry)
    if (match?.[1] !== undefined && match[2] !== undefined) packages.set(normalName(match[1]), match[2])
  }
  return packages
}

/** A virtual environment's packages, read from its folders: no interpreter is started. Undefined where nothing can be read. */
export async function readSitePackages(
  environment: string,
  platform: NodeJS.Platform,
): Promise<{ packages: Packages; python: string; complete: boolean } | undefined> {
  const { folder, python } = await sitePackages(environment, platform)
  const entries = folder === undefined ? [] : await readdir(folder).catch(() => [])
  if (folder === undefined) return undefined
  // a .pth file, an egg link or the system's packages bring more than the folder shows
  const complete = !entries.some((entry) => (entry.endsWith('.pth') && !harmlessPth.test(entry)) || entry.endsWith('.egg-link'))
  return { packages: packagesOf(entries), python, complete }
}

const harmlessPth = /^(distutils-precedence|_virtualenv|a1_coverage|protobuf.*-nspkg)\.pth$/

async function sitePackages(environment: string, platform: NodeJS.Platform): Promise<{ folder: string | undefined; python: string }> {
  if (platform === 'win32') return { folder: join(environment, 'Lib', 'site-packages'), python: '' }
  const [version, another] = (await readdir(join(environment, 'lib')).catch(() => [])).filter((name) =>
    /^(?:python|pypy)\d\.\d+t?$/.test(name),
  )
  // of two Pythons' packages only the interpreter knows which are its own
  if (version === undefined || another !== undefined) return { folder: undefined, python: '' }
  return { folder: join(environment, 'lib', version, 'site-packages'), python: version.replace(/^\D+|t$/g, '') }
}

// The working folder comes off the path first: a json.py in it would be taken for Python's own.
// Names of folders say as much as importlib.metadata, which reads every file of them: a quarter of
// the time. Debian leaves the version out of a few.
const question = `import os,sys
sys.path=[p for p in sys.path if p]
import json
def named(path,entry):
    stem,kind=os.path.splitext(entry)
    for file in ("METADATA","PKG-INFO") if "-" not in stem else ():
        try:
            with open(os.path.join(path,entry,file),encoding="utf-8") as lines:
                return "%s-%s%s"%(stem,next(line for line in lines if line.startswith("Version:")).split()[1],kind)
        except (OSError,StopIteration):
            pass
    return entry
kinds=(".dist-info",".egg-info",".egg")
entries=[named(path,entry) for path in reversed(sys.path) if os.path.isdir(path) for entry in os.listdir(path) if entry.endswith(kinds)]
json.dump({"version":"%d.%d.%d"%sys.version_info[:3],"entries":entries},sys.stdout)`

/** Asks an interpreter for its version and packages; undefined where it doesn't answer within the deadline (milliseconds). */
export async function askInterpreter(
  python: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  deadlineMs = 8000,
): Promise<{ packages: Packages; python: string } | undefined> {
  const [file, ...args] = python
  if (file === undefined) return undefined
  const finished = await runToEnd(file, [...args, '-c', question], { env, deadlineMs })
  if (finished.exitCode !== 0) return undefined
  const parsed = parseJson(finished.stdout)
  if (typeof parsed !== 'object' || parsed === null || !('entries' in parsed) || !('version' in parsed)) return undefined
  // the first folder of the path wins, and stands last
  const entries = Array.isArray(parsed.entries) ? parsed.entries.map(String) : []
  return { packages: packagesOf(entries), python: String(parsed.version) }
}
