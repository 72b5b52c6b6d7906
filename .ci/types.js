// The types of the programmatic API: what tsc makes of src/index.ts and src/public.ts,
// and the configuration's, written from its JSON Schema, so that no type of a
// bundled package is named.
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Writes index.d.ts, public.d.ts and config.d.ts into `dist`. */
export async function writeTypes(root, dist, configSchema) {
  const folder = await mkdtemp(join(tmpdir(), 'election-types-'))
  try {
    const options = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', folder, '--rootDir', root]
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json'), ...options], {
      cwd: root,
      stdio: ['ignore', 2, 2],
    })
    for (const name of ['index', 'public']) {
      const text = await readFile(join(folder, 'src', `${name}.d.ts`), 'utf8')
      const own = text.replaceAll('./config/schema.ts', './config.ts').replace(/(from\s+['"]\.\/\w+)\.ts(['"])/g, '$1.js$2')
      const strange = [...own.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)]
        .map(([, from]) => from)
        .filter((from) => !/^\.\/(?:public|config)\.js$/.test(from))
      if (strange.length > 0) throw new Error(`${name}.d.ts names what isn't shipped: ${strange.join(', ')}`)
      await writeFile(join(dist, `${name}.d.ts`), own)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  await writeFile(
    join(dist, 'config.d.ts'),
    `/** Every key of the configuration file; each may be left out. */\nexport interface PartialConfig ${typeOf(configSchema, '')}\n`,
  )
}

/** A JSON Schema as TypeScript. */
function typeOf(schema, indent) {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (schema.anyOf !== undefined) return schema.anyOf.map((part) => typeOf(part, indent)).join(' | ')
  switch (schema.type) {
    case 'string':
    case 'boolean':
      return schema.type
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      return `Array<${typeOf(schema.items, indent)}>`
    case 'object':
      return schema.properties === undefined
        ? `{ [name: string]: ${typeOf(schema.additionalProperties ?? {}, indent)} }`
        : objectOf(schema, indent)
    default:
      if (Object.keys(schema).every((key) => key === 'description')) return 'unknown'
      throw new Error(`No type for ${JSON.stringify(schema)}`)
  }
}

function objectOf({ properties, required = [] }, indent) {
  const inner = `${indent}  `
  const lines = Object.entries(properties).flatMap(([name, schema]) => [
    ...(schema.description === undefined ? [] : [`${inner}/** ${schema.description} */`]),
    `${inner}${name}${required.includes(name) ? '' : '?'}: ${typeOf(schema, inner)}`,
  ])
  return `{\n${lines.join('\n')}\n${indent}}`
}
