import { eastAsianWidth } from 'get-east-asian-width'

/** Characters that take no column: combining marks, joiners, variation selectors, controls. */
const zero = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u

/** How many columns a character takes on a terminal: 0, 1 or 2. */
function columnsOf(character: string): number {
  return zero.test(character) ? 0 : eastAsianWidth(character.codePointAt(0) ?? 0)
}

/** How many columns a text without escape sequences takes. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += columnsOf(character)
  return width
}

/** The text, or as much of its beginning as leaves room for `…`. */
export function fitted(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let kept = ''
  let width = 0
  for (const character of text) {
    width += columnsOf(character)
    if (width > columns - 1) break
    kept += character
  }
  return columns > 0 ? `${kept}…` : ''
}
