/** What the places of a template are filled with. */
export interface Values {
  readonly [name: string]: string | number | boolean | readonly Values[]
}

/**
 * A template of `templates/export` with its places filled, in a subset of
 * Mustache: `{{name}}` written by `write`, `{{{name}}}` as it is; lines between
 * `{{#name}}` and `{{/name}}` once for each of a list, or where it is true, and
 * `{{^name}}` where it isn't; `{{> file}}` another template, as far in as the
 * place. Throws where nothing is known of a place: a fault of the template. Pure.
 */
export function fill(template: string, values: Values, templates: ReadonlyMap<string, string>, write: (text: string) => string): string {
  const valueOf = (name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`Nothing is known of {{${name}}}`)
    return value
  }
  return template
    .replace(/^([ \t]*)\{\{> (\S+)\}\}\n/gm, (_, indent: string, name: string) => (templates.get(name) ?? '').replace(/^(?=.)/gm, indent))
    .replace(/^[ \t]*\{\{([#^])(\w+)\}\}\n([^]*?)^[ \t]*\{\{\/\2\}\}\n/gm, (_, kind: string, name: string, inner: string) => {
      const value = valueOf(name)
      const each = typeof value === 'object' ? value : value === false || value === '' ? [] : [{}]
      const items = kind === '#' ? each : each.length === 0 ? [{}] : []
      return items.map((item) => fill(inner, { ...values, ...item }, templates, write)).join('')
    })
    .replace(/\{\{(\{?)(\w+)\}?\}\}/g, (_, raw: string, name: string) => {
      const value = valueOf(name)
      return typeof value === 'string' && raw === '' ? write(value) : String(value)
    })
}
