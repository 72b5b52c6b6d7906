import { test } from 'vitest'

/**
 * A test for each row, its title made of the first column. The first `quick`
 * rows belong to every run; the others, variants of what those show, to the
 * slow suite (`variants(` in a file is what vitest.config.ts knows it by).
 */
export function variants<Row extends readonly [string | number, ...unknown[]]>(
  rows: readonly Row[],
  { title = '%s', quick, timeout }: { readonly title?: string; readonly quick: number; readonly timeout?: number },
  run: (...row: [...Row]) => Promise<void>,
): void {
  for (const [index, row] of rows.entries())
    test(
      title.replace('%s', String(row[0])),
      { ...(timeout === undefined ? {} : { timeout }), ...(index < quick ? {} : { tags: ['slow'] }) },
      () => run(...row),
    )
}
