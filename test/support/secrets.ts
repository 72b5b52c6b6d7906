/**
 * Secrets that the tests use. Each is written to a list, and everything that the
 * command line prints to a transcript; at the end of the run no transcript may
 * hold a secret, nor anything that looks like a JSON Web Token.
 */
import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './tools.ts'

const folder = join(root, 'test', '.transcripts')
const list = join(folder, 'secrets')

/** Empties what an earlier run left. */
export function clearTranscripts(): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
}

/** A new secret, remembered. */
export function secret(value: string = randomBytes(12).toString('hex')): string {
  mkdirSync(folder, { recursive: true })
  appendFileSync(list, `${value}\n`)
  return value
}

/** Keeps what a command printed, under its command line. */
export function transcript(name: string, text: string): void {
  mkdirSync(folder, { recursive: true })
  appendFileSync(join(folder, `${process.pid}.txt`), `\n=== ${name}\n${text}`)
}

/** Every place where a transcript holds a secret or a token: `[command line, what]`, the secret itself never. */
export function leaks(): string[] {
  const secrets = read(list)
    .split('\n')
    .filter((value) => value.length >= 4)
  const found: string[] = []
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
    for (const section of read(join(folder, file)).split('\n=== ')) {
      const name = section.split('\n', 1)[0] ?? ''
      const text = section.slice(name.length)
      if (secrets.some((value) => text.includes(value) || text.includes(encodeURIComponent(value)))) found.push(`${name}: a secret`)
      if (/\beyJ[\w-]{8,}\.[\w-]{8,}/.test(text)) found.push(`${name}: a JSON Web Token`)
    }
  }
  return found
}

/** How many transcripts there are: a check of nothing would always pass. */
export function transcriptCount(): number {
  return readdirSync(folder).filter((name) => name.endsWith('.txt')).length
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
