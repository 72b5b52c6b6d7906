import { bash } from './bash.ts'
import { fish } from './fish.ts'
import { powershell } from './powershell.ts'
import type { ProgramShape } from './shape.ts'
import { zsh } from './zsh.ts'

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
export type ShellName = (typeof shells)[number]

const scripts: Readonly<Record<ShellName, (program: ProgramShape) => string>> = { bash, zsh, fish, powershell }

/** The script that teaches a shell the commands, options and values of a program. Pure; ends with a newline. */
export function completionScript(shell: ShellName, program: ProgramShape): string {
  return scripts[shell](program)
}
