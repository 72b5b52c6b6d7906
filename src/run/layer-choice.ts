import type { Checkout } from '../facts/checkout.ts'
import { LauncherError } from '../errors.ts'
import { setDotenvValue, type DotenvEdit } from '../plan/dotenv-edit.ts'
import { writeDotenv } from './dotenv-write.ts'

/** What writing the channel layer's choice would change; `before` is undefined where there is no file yet. */
export function layerEdit(
  checkout: Checkout,
  write: { readonly key: string; readonly value: string },
): { edit: DotenvEdit; before: string | undefined } {
  const { dotenv, project } = checkout
  if (dotenv.kind === 'unreadable') return { edit: { kind: 'refused', reason: dotenv.reason }, before: undefined }
  const before = dotenv.kind === 'present' ? dotenv.text : undefined
  return { edit: setDotenvValue(before ?? '', write.key, write.value, project.dotenvReader ?? 'decouple'), before }
}

/** Writes the choice into the project's `.env`, if that changes anything. Gives whether it did. Throws LauncherError where the file can't be changed. */
export async function writeLayerChoice(checkout: Checkout, write: { readonly key: string; readonly value: string }): Promise<boolean> {
  const { edit } = layerEdit(checkout, write)
  const { dotenv } = checkout
  if (edit.kind === 'unchanged') return false
  if (edit.kind === 'refused')
    throw new LauncherError('dotenv-refused', `${dotenv.path} is left alone: ${edit.reason}`, {
      hint: `Write ${write.key}=${write.value} into it by hand.`,
    })
  await writeDotenv(dotenv.path, dotenv.kind === 'present' ? dotenv.bytes : undefined, Buffer.from(edit.text))
  return true
}
