import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LauncherError, errorMessage, usageError } from '../errors.ts'
import { replaceFile } from '../host/replace-file.ts'

/**
 * Writes a report beside its place and moves it there: who reads it never sees
 * half of it. Makes its folder. Throws LauncherError `report-not-written` (exit 2).
 */
export async function writeReport(file: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true })
    await replaceFile(file, text, 0o666)
  } catch (error) {
    throw notWritten(file, error)
  }
}

/** Adds to a file that others write to as well, such as the summary of a job. Throws LauncherError `report-not-written` (exit 2). */
export async function appendReport(file: string, text: string): Promise<void> {
  await appendFile(file, text).catch((error: unknown) => {
    throw notWritten(file, error)
  })
}

function notWritten(file: string, error: unknown): LauncherError {
  return usageError('report-not-written', `The report ${file} can't be written`, {
    evidence: [errorMessage(error)],
    hint: 'Name a file in a folder that this user may write to.',
  })
}
