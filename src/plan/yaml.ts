/** What a YAML document of ours is made of. An entry that is undefined is left out. */
export type YamlValue = string | number | boolean | readonly YamlValue[] | { readonly [key: string]: YamlValue | undefined }

/**
 * A value as YAML in block style, so that a person reads it and 1.1 and 1.2
 * parsers agree on it: a text that either of them could take for anything but a
 * text is quoted. Ends with a newline. Pure.
 */
export function toYaml(value: YamlValue): string {
  return `${lines(value).join('\n')}\n`
}

/** Several documents, with `---` between them. */
export function toYamlDocuments(documents: readonly YamlValue[]): string {
  return documents.map((document) => toYaml(document)).join('---\n')
}

/** A text as a YAML scalar on one line: plain where no parser can mistake it, else in double quotes. */
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

function lines(value: YamlValue): string[] {
  if (isList(value)) {
    if (value.length === 0) return ['[]']
    return value.flatMap((item) => indented(lines(item), '- ', '  '))
  }
  if (typeof value !== 'object') return [typeof value === 'string' ? yamlScalar(value) : String(value)]
  const entries = Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [{ key: yamlScalar(key), item }]))
  if (entries.length === 0) return ['{}']
  return entries.flatMap(({ key, item }) => {
    if (typeof item === 'string' && isScript(item)) return [`${key}: ${blockHeader(item)}`, ...blockLines(item)]
    const below = lines(item)
    const inline = typeof item !== 'object' || Object.keys(item).length === 0
    return inline ? [`${key}: ${below[0] ?? ''}`] : [`${key}:`, ...indented(below, '  ', '  ')]
  })
}

/** Several lines of what a block can hold unescaped; more than plain ASCII is left to quotes. */
const isScript = (text: string): boolean => text.includes('\n') && /^[\t\n\x20-\x7e]*$/.test(text) && /[^\s]/.test(text)

/** A text of several lines as it is; its first line must not begin with a blank, which would be taken for indentation. */
function blockHeader(text: string): string {
  return `|${/^[ \n]/.test(text) ? '2' : ''}${text.endsWith('\n') ? (text.endsWith('\n\n') ? '+' : '') : '-'}`
}

function blockLines(text: string): string[] {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
}

function indented(below: readonly string[], first: string, rest: string): string[] {
  return below.map((line, index) => (line === '' ? line : (index === 0 ? first : rest) + line))
}

function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value)
}
