// The README's table of the configuration, of the table of options: `npm run readme`; with `-- --check` it only says whether that is so.
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const readme = join(root, 'README.md')

const cell = (words) => words.replaceAll('|', '\\|')

/** The README with the table of these keys in the place of the one that it has. */
function withTable(text, keys, defaultWords) {
  const rows = Object.entries(keys).map(([key, row]) => {
    const usual = row.default === false ? 'false' : (defaultWords(row) ?? 'none')
    const shown = row.unset === undefined && usual !== 'none' ? `\`${usual}\`` : usual
    const flag =
      row.flag === undefined && row.no !== undefined ? ` (\`--no-${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}\`)` : ''
    const words = row.takes.words?.every((word) => row.about.includes(word)) ? undefined : row.takes.words
    const choice = words === undefined ? '' : ` (${words.map((word) => `\`${word}\``).join(', ')})`
    return `| \`${key}\` | ${cell(shown)} | ${cell(row.about)}${choice}${flag} |`
  })
  const table = ['| Key | Default | |', '|---|---|---|', ...rows].join('\n')
  return text.replace(/^\| Key \| Default \| \|\n(?:\|.*\n)+/m, () => `${table}\n`)
}

const { outputFiles } = await build({
  entryPoints: [join(root, 'src/config/options/keys.ts')],
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
})
const { keys, defaultWords } = await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
const before = await readFile(readme, 'utf8')
const after = withTable(before, keys, defaultWords)
if (!process.argv.includes('--check')) await writeFile(readme, after)
else if (before !== after) process.exitCode = 1
