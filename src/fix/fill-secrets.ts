import { randomBytes } from 'node:crypto'
import { booleanOf, parseDotenv, type DotenvReader } from '../facts/dotenv.ts'
import { isSigningKey } from '../host/secret-names.ts'
import { setDotenvValue } from '../plan/dotenv-edit.ts'

/** An example's value is known to everybody who reads the repository. */
const placeholder = /^$|change|your|secret|insecure|example|replace|generate|xxx|^<.*>$|\.\.\./i

/** The example's text with a random value for each signing key that is empty or a placeholder, and with DEBUG on. `values`: what it is to say otherwise. Everything else stays as it is. */
export function fillSecrets(example: string, reader: DotenvReader, values: readonly (readonly [string, string])[] = []): string {
  let text = example
  for (const { key, value } of parseDotenv(example, reader)) {
    const isPlaceholder = isSigningKey(key) && placeholder.test(value)
    // an example for production
    const isProduction = /(?:^|_)DEBUG$/.test(key) && booleanOf(value) === false && value !== ''
    if (!isPlaceholder && !isProduction) continue
    const edit = setDotenvValue(text, key, isPlaceholder ? randomBytes(48).toString('base64url') : 'True', reader)
    if (edit.kind === 'changed') text = edit.text
  }
  for (const [key, value] of values) {
    const edit = setDotenvValue(text, key, value, reader)
    if (edit.kind === 'changed') text = edit.text
  }
  return text
}
