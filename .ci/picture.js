// Makes the README's pictures from real runs in a copy of the demo: .ci/terminal.svg, what
// `election-dev start` prints, in colour, until a browser has seen the page; .ci/page.png, that page.
// usage: npm run picture
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const escape = new RegExp(`${String.fromCodePoint(27)}\\[[\\d;]*m`, 'g')
const cache = join(root, 'test', '.cache')
const environment = readdirSync(cache).find((name) => name.startsWith('venv-main-') && !name.endsWith('.lock'))
if (environment === undefined) throw new Error('npm test makes the Python environment that this needs: run it once')

const { NO_COLOR: _, ...withoutNoColor } = process.env
const folder = mkdtempSync(join(tmpdir(), 'election-picture-'))
const backend = join(folder, 'backend')
try {
  cpSync(join(root, 'templates', 'demo'), folder, { recursive: true })
  renameSync(join(backend, 'env.example'), join(backend, '.env.example'))
  const example = readFileSync(join(backend, '.env.example'), 'utf8')
  writeFileSync(
    join(backend, '.env'),
    example.replace(/^(SECRET_KEY|DEMO_PASSWORD)=.*$/gm, (_, key) => `${key}=${randomBytes(24).toString('hex')}`),
  )
  symlinkSync(join(cache, environment), join(backend, 'venv'))
  for (const args of [['migrate', '--verbosity', '0'], ['demo_user']])
    execFileSync(join(backend, 'venv', 'bin', 'python'), ['manage.py', ...args], { cwd: backend, stdio: 'ignore' })
  // the first run compiles every module; people start more than once
  await run()
  const output = await run()
  if (!existsSync(join(root, '.ci', 'page.png'))) throw new Error('no browser has looked at the page')
  writeFileSync(join(root, '.ci', 'terminal.svg'), svg(['$ npx election-dev start', ...output.split('\n')]))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** Of the backend's log only the first lines: what a browser asked for is many. */
function withoutLog(output) {
  let lines = 0
  return output
    .split('\n')
    .filter((line) => !line.replace(escape, '').startsWith('backend │') || ++lines <= 3)
    .join('\n')
}

/** The output of a start, in colour, until the page was looked at. */
function run() {
  return new Promise((resolve) => {
    let output = ''
    const words = [join(root, 'bin', 'election-dev.js'), 'start', '--browser', '--screenshot', join(root, '.ci', 'page.png')]
    const child = spawn(process.execPath, words, {
      cwd: folder,
      env: { ...withoutNoColor, FORCE_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let kept
    const take = (data) => {
      output += data
      const seen = /its WebSocket is open.*\n/.exec(output)
      if (kept !== undefined || seen === null) return
      kept = withoutLog(output.slice(0, seen.index + seen[0].length - 1))
      child.kill('SIGINT')
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('close', () => resolve(kept ?? output))
  })
}

/** A terminal's text with its colours (SGR codes of ECMA-48) as an SVG. */
function svg(lines) {
  const [advance, height, pad] = [8.4, 20, 18]
  const text = lines
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd()
    .split('\n')
  const columns = Math.max(...text.map((line) => line.replace(escape, '').length))
  const rows = text.map((line, index) => `<text x="${pad}" y="${pad + 34 + index * height}" xml:space="preserve">${spans(line)}</text>`)
  const [width, total] = [Math.ceil(columns * advance + 2 * pad), text.length * height + 2 * pad + 30]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14" fill="#d7dae0">
<rect width="100%" height="100%" rx="10" fill="#16181d"/>
<circle cx="22" cy="20" r="6" fill="#ff5f57"/><circle cx="42" cy="20" r="6" fill="#febc2e"/><circle cx="62" cy="20" r="6" fill="#28c840"/>
${rows.join('\n')}
</svg>
`
}

function spans(line) {
  let style = {}
  return line
    .split(new RegExp(`(${escape.source})`))
    .map((part) => {
      const codes = /\[([\d;]*)m/.exec(part)
      if (codes !== null && part.startsWith('\u001B')) {
        for (const code of codes[1].split(';').map(Number)) style = styled(style, code)
        return ''
      }
      if (part === '') return ''
      const attributes = [
        style.fill === undefined ? '' : ` fill="${style.fill}"`,
        style.bold ? ' font-weight="700"' : '',
        style.dim ? ' opacity="0.55"' : '',
      ].join('')
      return `<tspan${attributes}>${part.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</tspan>`
    })
    .join('')
}

function styled(style, code) {
  const colours = { 31: '#ff6b6b', 32: '#7ee787', 33: '#f2cc60', 36: '#79c0ff' }
  if (code === 0) return {}
  if (code === 1) return { ...style, bold: true }
  if (code === 2) return { ...style, dim: true }
  if (code === 22) return { ...style, bold: false, dim: false }
  if (code === 39) return { ...style, fill: undefined }
  return colours[code] === undefined ? style : { ...style, fill: colours[code] }
}
