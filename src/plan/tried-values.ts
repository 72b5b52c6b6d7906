/** Variables by which the settings come to where a server is, as far as they read any. */
export interface PlaceVariables {
  readonly url?: string
  readonly host?: string
  readonly port?: string
}

/** Ports of the values that are tried: nobody serves anything there. */
const firstTried = 40_001

/**
 * Values that are told from each other, for every variable that may say where a
 * server is: where the settings have them once they are read with these is
 * how they come to it, through whatever helper. Two attempts, since a URL
 * that is there may keep the parts from being read. `urlTo`: such a URL. Pure.
 */
export function triedValues(
  names: readonly string[],
  urlTo: (place: string) => string,
  isUrl: RegExp,
): readonly Readonly<Record<string, string>>[] {
  const urls = names.filter((name) => isUrl.test(name))
  const values = names.flatMap((name, index) => {
    if (urls.includes(name)) return [[name, urlTo(`${tried(index)}:${firstTried + index}`)] as const]
    if (name.endsWith('PORT')) return [[name, String(firstTried + index)] as const]
    return /(?:HOST(?:NAME)?|SERVER|ADDR(?:ESS)?)$/.test(name) ? [[name, tried(index)] as const] : []
  })
  const parts = values.filter(([name]) => !urls.includes(name))
  return [values, parts].filter((each) => each.length > 0).map((each) => Object.fromEntries(each))
}

const tried = (index: number): string => `tried-${index}.invalid`

/** The variables whose tried values the settings have where the server is. Pure. */
export function landedIn(
  values: Readonly<Record<string, string>>,
  { host, port }: { readonly host: string; readonly port: string | number },
): PlaceVariables {
  const entries = Object.entries(values)
  const url = entries.find(([, value]) => value.includes(`@${host}:${port}/`))?.[0]
  if (url !== undefined) return { url }
  const [hostName, portName] = [host, String(port)].map((wanted) => entries.find(([, value]) => value === wanted)?.[0])
  return { ...(hostName === undefined ? {} : { host: hostName }), ...(portName === undefined ? {} : { port: portName }) }
}
