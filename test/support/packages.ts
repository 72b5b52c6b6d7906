/** Packages of our own in a folder that installers look into, in place of an index: a wheel, or a source whose build fails. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { basePython, run } from './tools.ts'

/** A package. `fails`: what its build says before it ends; without, it is a wheel of one empty module. */
export interface OwnPackage {
  readonly name: string
  readonly version: string
  readonly fails?: string
  /** `Requires-Dist` of a wheel. */
  readonly requires?: readonly string[]
  /** The module's source. */
  readonly source?: string
}

const script = `
import io, json, sys, tarfile, zipfile
folder, packages = sys.argv[1], json.loads(sys.argv[2])
for one in packages:
    name, version = one["name"], one["version"]
    plain = name.replace("-", "_").replace(".", "_")
    metadata = "Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n%s" % (name, version, "".join("Requires-Dist: %s\\n" % each for each in one.get("requires", [])))
    if "fails" not in one:
        info = "%s-%s.dist-info" % (plain, version)
        with zipfile.ZipFile("%s/%s-%s-py3-none-any.whl" % (folder, plain, version), "w") as wheel:
            wheel.writestr("%s/__init__.py" % plain, one.get("source", ""))
            wheel.writestr(info + "/METADATA", metadata)
            wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
            wheel.writestr(info + "/RECORD", "")
        continue
    # a backend of its own, so that the build asks an index for nothing
    files = {
        "PKG-INFO": metadata,
        "pyproject.toml": '[build-system]\\nrequires = []\\nbuild-backend = "own"\\nbackend-path = ["."]\\n',
        "own.py": "def fail(*args, **more):\\n    raise SystemExit(%r)\\nbuild_wheel = prepare_metadata_for_build_wheel = fail\\n" % one["fails"],
    }
    with tarfile.open("%s/%s-%s.tar.gz" % (folder, plain, version), "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo("%s-%s/%s" % (plain, version, path))
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
`

/** Writes the packages into the folder, and gives the environment in which pip and uv find them there and nowhere else. */
export async function ownIndex(folder: string, packages: readonly OwnPackage[]): Promise<Readonly<Record<string, string>>> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'make.py')
  await writeFile(file, script)
  await run(basePython(), [file, folder, JSON.stringify(packages)])
  return { PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder, UV_NO_INDEX: '1', UV_FIND_LINKS: folder }
}
