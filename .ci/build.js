// Bundles the command line: one small entry and a chunk for each command, so that
// a start reads a few files instead of some 50 packages.
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { writeSchemas } from './schemas.js'
import { writeTypes } from './types.js'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')
const inside = 'inside/election_dev_inside'

await rm(dist, { recursive: true, force: true })
const options = {
  absWorkingDir: root,
  entryPoints: { cli: 'src/cli.ts', index: 'src/index.ts' },
  outdir: dist,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  chunkNames: 'chunks/[name]-[hash]',
  external: ['jiti'],
  metafile: true,
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // jsonc-parser's other form asks for its parts at run time, where no bundle has them
  mainFields: ['module', 'main'],
  // packages of the older module system ask for require()
  banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
  logLevel: 'warning',
}
const result = await build({ ...options, plugins: [await inOnePiece('src/commands/start-command.ts')] })

// by themselves: what they share with the launcher would split the launcher's chunks
await build({
  absWorkingDir: root,
  entryPoints: { guard: 'src/run/guard.ts', 'page-look': 'src/run/page-looker.ts' },
  outdir: dist,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  banner: { js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);" },
  logLevel: 'warning',
})

await mkdir(join(dist, inside), { recursive: true })
for (const name of await readdir(join(root, 'src', inside))) {
  if (name.endsWith('.py')) await cp(join(root, 'src', inside, name), join(dist, inside, name))
}
for (const name of ['guard.py', 'guard_windows.py']) await cp(join(root, 'src', name), join(dist, name))
await cp(join(root, 'src/causes/pages'), join(dist, 'causes/pages'), { recursive: true })
const { config, status } = await validated()
await writeFile(join(dist, 'config.schema.json'), `${JSON.stringify(config, undefined, 2)}\n`)
await writeFile(join(dist, 'status.schema.json'), `${JSON.stringify(status, undefined, 2)}\n`)
// made by TypeScript, which takes most of the time: a test of what runs leaves them out
if (!process.argv.includes('--no-types')) {
  await writeSchemas(root, dist)
  await writeTypes(root, dist, config)
}
await writeFile(join(dist, 'THIRD-PARTY-NOTICES.txt'), await notices(Object.keys(result.metafile.inputs)))

/**
 * Keeps in one file what `first` needs to be loaded: esbuild cuts the code up by who shares it, into
 * some 50 files here, each of which takes half a millisecond to be found and read. Where all that is
 * loaded by itself asks for all of `first`, there is nothing to cut.
 */
async function inOnePiece(first) {
  const { metafile } = await build({ ...options, write: false })
  const parts = new Set(
    Object.values(metafile.inputs).flatMap(({ imports }) =>
      imports.filter(({ kind }) => kind === 'dynamic-import').map(({ path }) => path),
    ),
  )
  parts.delete(first)
  return {
    name: 'in-one-piece',
    setup({ onLoad }) {
      onLoad({ filter: /\.[jt]s$/ }, async ({ path }) => {
        if (!parts.has(relative(root, path).split(sep).join('/'))) return undefined
        const contents = `import ${JSON.stringify(join(root, first))};${await readFile(path, 'utf8')}`
        return { contents, loader: extname(path) === '.ts' ? 'ts' : 'js' }
      })
    },
  }
}

/** What is read from another launcher may hold more than is known here; what is printed doesn't. */
function closed({ valibotSchema, jsonSchema }) {
  return valibotSchema.type === 'object' ? { ...jsonSchema, additionalProperties: false } : undefined
}

/** The JSON Schemas of what the code validates itself, made from what validates it. */
async function validated() {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { configSchema } from './src/config/schema.ts'
        export { toJsonSchema } from '@valibot/to-json-schema'
        export { statusSchema } from './src/report/status.ts'`,
      resolveDir: root,
    },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  })
  const [file] = outputFiles
  const { configSchema, statusSchema, toJsonSchema } = await import(
    `data:text/javascript;base64,${Buffer.from(file.contents).toString('base64')}`
  )
  return {
    config: { ...toJsonSchema(configSchema), title: 'election-dev configuration' },
    status: { ...toJsonSchema(statusSchema, { target: 'draft-2020-12', overrideSchema: closed }), title: 'election-dev status --json' },
  }
}

/** The licences of the packages that the bundle carries. */
async function notices(inputs) {
  const names = new Set(inputs.flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []))
  const parts = []
  for (const name of [...names].toSorted()) {
    const folder = join(root, 'node_modules', name)
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    const text = await firstOf(folder, ['LICENSE', 'license', 'LICENSE.md', 'LICENSE.txt', 'License'])
    parts.push(`${name} ${manifest.version} (${manifest.license ?? 'see its repository'})\n\n${text.trim()}\n`)
  }
  return `election-dev carries code of these packages:\n\n${parts.join(`\n${'-'.repeat(78)}\n\n`)}`
}

async function firstOf(folder, names) {
  for (const name of names) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => undefined)
    if (text !== undefined) return text
  }
  return ''
}
