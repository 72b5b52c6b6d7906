import { fileURLToPath } from 'node:url'
import { runToEnd } from '../host/processes.ts'
import { recordOf } from '../host/json.ts'

const program = fileURLToPath(new URL('../inside/election_dev_inside/syntax.py', import.meta.url))

/** Python that can't be compiled. */
export interface SyntaxProblem {
  /** As it was asked for. */
  readonly file: string
  readonly line: number
  /** `SyntaxError: invalid syntax`. */
  readonly message: string
}

/** How long the interpreter may take, in milliseconds. */
const deadlineMs = 5000

/**
 * Which of the files the backend's own interpreter can't compile. Nothing of them
 * is run. Empty where the interpreter gives no answer: the server's start tells
 * then. Never throws.
 */
export async function syntaxProblems(python: string, files: readonly string[]): Promise<SyntaxProblem[]> {
  const sources = files.filter((file) => file.endsWith('.py'))
  if (sources.length === 0) return []
  // -S and -I: neither site-packages nor the project has a say in what compiles
  const { stdout } = await runToEnd(python, ['-I', '-S', program], { input: sources.join('\n'), deadlineMs })
  return stdout.split('\n').flatMap((line) => problemIn(line) ?? [])
}

function problemIn(line: string): SyntaxProblem | undefined {
  const { file, line: at, message } = recordOf(line)
  return typeof file === 'string' && typeof at === 'number' && typeof message === 'string' ? { file, line: at, message } : undefined
}

/** Why the interpreter can't read a text as Python, in its own words; undefined where it can, or isn't known. */
export async function parseProblem(
  python: string | undefined,
  source: string,
  env?: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  if (python === undefined) return undefined
  const program = 'import ast, sys; ast.parse(sys.stdin.buffer.read())'
  const { outcome, exitCode, stderr } = await runToEnd(python, ['-c', program], {
    ...(env === undefined ? {} : { env }),
    input: source,
    deadlineMs: 10_000,
  })
  return outcome === 'exited' && exitCode !== 0 ? stderr.trim().split('\n').at(-1) : undefined
}
