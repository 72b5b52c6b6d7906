/** A version as its numbers: `3.12.4` is [3, 12, 4]. */
const numbers = (version: string): number[] => version.split('.').map((part) => Number.parseInt(part, 10) || 0)

/** 12 of `3.12.4`; NaN of what is no Python 3. */
export const minorOf = (version: string): number => Number(/^3\.(\d+)/.exec(version)?.[1] ?? Number.NaN)

function compared(one: readonly number[], other: readonly number[]): number {
  const length = Math.max(one.length, other.length)
  for (let index = 0; index < length; index++) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/**
 * A specifier in the words of PEP 440: Poetry's `^3.11` is `>=3.11,<4`, `~3.11` is `>=3.11,<3.12`, a bare `3.11` is
 * `==3.11.*` (python-poetry.org/docs/dependency-specification). Pure.
 */
export function standardSpec(spec: string): string {
  return spec
    .split(/\s*\|\|?\s*/)
    .map((part) =>
      part
        // Poetry takes a space for a comma as well: `>=3.8 <3.12`
        .split(/,|\s+(?=[\^~<>=!])/)
        .map((clause) => clause.trim())
        .filter((clause) => clause !== '' && clause !== '*')
        .map((clause) => {
          if (/^\d[\d.]*\.\*$/.test(clause)) return `==${clause}`
          const [, sign = '', version = ''] = /^([\^~](?!=)|)\s*(\d[\d.]*)$/.exec(clause) ?? []
          if (version === '') return clause.replaceAll(/\s+/g, '')
          const [major = 3, minor] = numbers(version)
          if (sign === '^') return `>=${version},<${major + 1}`
          if (sign === '~') return `>=${version},<${minor === undefined ? major + 1 : `${major}.${minor + 1}`}`
          return version.split('.').length > 2 ? `==${version}` : `==${version}.*`
        })
        .join(','),
    )
    .join(' || ')
}

/** Whether a version of Python is one that a specifier takes; what isn't understood speaks against none. Pure. */
export function takesPython(spec: string, version: string): boolean {
  const own = numbers(version)
  return standardSpec(spec)
    .split(' || ')
    .some((part) => part.split(',').every((clause) => takes(clause, own)))
}

function takes(clause: string, own: readonly number[]): boolean {
  const [, sign, version = '', wild] = /^(===?|!=|~=|>=?|<=?)(\d[\d.]*?)(\.\*)?$/.exec(clause) ?? []
  if (sign === undefined) return true
  const wanted = numbers(version)
  const isWithin = compared(own.slice(0, wanted.length), wanted) === 0
  const order = compared(own, wanted)
  switch (sign) {
    case '~=':
      return order >= 0 && compared(own.slice(0, wanted.length - 1), wanted.slice(0, -1)) === 0
    case '>=':
      return order >= 0
    case '<=':
      return order <= 0
    // `>3.11` takes 3.11.2: it excludes 3.11.0 and what is built of it alone (PEP 440, exclusive ordered comparison)
    case '>':
      return order > 0
    case '<':
      return order < 0
    case '!=':
      return wild === undefined ? order !== 0 : !isWithin
    default:
      return wild === undefined ? order === 0 : isWithin
  }
}
