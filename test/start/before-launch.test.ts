/** What is loaded before the server is launched: whatever of it could wait holds up every start. */
import { build } from 'esbuild'
import { expect, test } from 'vitest'
import { root } from '../support/tools.ts'

test('nothing that judges, fixes, proves or speaks to Redis is loaded before the server is launched', async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/commands/start-command.ts'],
    outdir: 'dist',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    format: 'esm',
    platform: 'node',
    external: ['jiti'],
    logLevel: 'error',
  })
  const seen = new Set<string>()
  const walk = (file: string) => {
    const output = metafile.outputs[file]
    if (seen.has(file) || output === undefined) return
    seen.add(file)
    for (const { path, kind } of output.imports) if (kind === 'import-statement') walk(path)
  }
  walk('dist/start-command.js')
  const loaded = [...seen].flatMap((file) => Object.entries(metafile.outputs[file]?.inputs ?? {}))
  const size = loaded.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0)
  const early = loaded.flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []))
  expect(early).toContain('src/run/server.ts')
  expect(early.filter((path) => /^src\/(?:causes|checks|fix|judge|look|verify)\//.test(path))).toEqual([])
  expect(early.filter((path) => /^node_modules\/(?:execa|get-port|ioredis|jiti|ora|ws)\//.test(path))).toEqual([])
  expect(size).toBeLessThan(180_000)
})
