/** Characters that take no column: combining marks, joiners, variation selectors, controls. */
const zero = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u

/** How many columns a character takes on a terminal: 0, 1 or 2. The wide ranges are those of Node's own readline (lib/internal/util/inspect.js). */
function columnsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code >= 0x20 && code < 0x7f) return 1
  if (zero.test(character)) return 0
  return isWide(code) ? 2 : 1
}

function isWide(code: number): boolean {
  return (
    code >= 0x11_00 &&
    (code <= 0x11_5f ||
      code === 0x23_29 ||
      code === 0x23_2a ||
      (code >= 0x2e_80 && code <= 0x32_47 && code !== 0x30_3f) ||
      (code >= 0x32_50 && code <= 0x4d_bf) ||
      (code >= 0x4e_00 && code <= 0xa4_c6) ||
      (code >= 0xa9_60 && code <= 0xa9_7c) ||
      (code >= 0xac_00 && code <= 0xd7_a3) ||
      (code >= 0xf9_00 && code <= 0xfa_ff) ||
      (code >= 0xfe_10 && code <= 0xfe_19) ||
      (code >= 0xfe_30 && code <= 0xfe_6b) ||
      (code >= 0xff_01 && code <= 0xff_60) ||
      (code >= 0xff_e0 && code <= 0xff_e6) ||
      (code >= 0x1_b0_00 && code <= 0x1_b0_01) ||
      (code >= 0x1_f1_00 && code <= 0x1_f2_51) ||
      (code >= 0x1_f3_00 && code <= 0x1_f6_4f) ||
      (code >= 0x1_f9_00 && code <= 0x1_f9_ff) ||
      (code >= 0x2_00_00 && code <= 0x3_ff_fd))
  )
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
