/**
 * A text as a YAML scalar on one line, so that 1.1 and 1.2 parsers agree on it:
 * plain where no parser can mistake it for anything but a text, else in double quotes.
 */
export function yamlScalar(text: string): string {
  return isPlain(text) ? text : JSON.stringify(text).replace(/[\u007f-\u00a0\u2028\u2029\ufeff]/g, escaped)
}

/** JSON's escapes are YAML's, and JSON leaves these as they are where YAML wants them escaped (YAML 1.2, 5.1). */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function isPlain(text: string): boolean {
  // words, paths, images, variables; no colon before a space, no comment, no indicator in front
  if (!/^[A-Za-z/.][\w./@+-]*(?:[: =,][\w./@+=-]+)*$/.test(text) || /: | #/.test(text)) return false
  // truth values, null and numbers of YAML 1.1 and 1.2; sexagesimals such as 22:22 begin with a digit
  return !/^(?:y|n|yes|no|on|off|true|false|null|\.inf|\.nan|[.\d][\d._e+-]*)$/i.test(text)
}
