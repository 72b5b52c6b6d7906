/** What a fix needs besides the evidence: gathered only where something is to be fixed. */
export interface FixFacts {
  readonly platform: NodeJS.Platform
  readonly hasUv: boolean
  /** Texts of the files that a fix may edit or read, by absolute path: settings, frontend sources, requirements, `.env` candidates. */
  readonly texts: ReadonlyMap<string, string>
  /** The `.env` where it isn't text. */
  readonly dotenvBytes: Uint8Array | undefined
  /** Modules called asgi below the backend, and the applications that they define; the one beside the settings first. */
  readonly asgi: readonly { readonly module: string; readonly names: readonly string[] }[]
  /** Interpreters of the PATH by their minor version of 3. */
  readonly pythons: readonly { readonly file: string; readonly minor: number }[]
  /** When processes were started, as the process table writes it. */
  readonly started: ReadonlyMap<number, string>
  /** Whether the Redis of the variables could carry the layer; undefined where it wasn't asked. */
  readonly redisUsable: boolean | undefined
  /** Lines of the project that import the module that hides a package: `backend/core/views.py:3`. */
  readonly importers: readonly string[]
  /** Files of the compiled module that hides a package. */
  readonly compiled: readonly string[]
  /** A random value, for a signing key. */
  readonly secret: string
}
