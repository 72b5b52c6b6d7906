/** A module that Python, or what came with it, no longer has. */
export interface RemovedModule {
  /** The minor version of Python 3 that left it out; undefined: it was setuptools' own. */
  readonly minor: number | undefined
  /** What pip installs to have it back; undefined: nothing does. */
  readonly name: string | undefined
}

/** The last that has pkg_resources and distutils. */
const ofSetuptools = 'setuptools<81'

/** Of the standard library (PEP 594, PEP 632, docs.python.org/3/whatsnew, "Removed"), with the packages that carry them on. */
const removed: Readonly<Record<number, Readonly<Record<string, string | undefined>>>> = {
  10: { formatter: undefined, parser: undefined, symbol: undefined },
  11: { binhex: undefined },
  12: {
    asynchat: 'standard-asynchat',
    asyncore: 'standard-asyncore',
    // which brings it as setuptools._distutils (setuptools.pypa.io/en/latest/deprecated/distutils-legacy.html)
    distutils: ofSetuptools,
    imp: undefined,
    smtpd: 'standard-smtpd',
  },
  13: {
    aifc: 'standard-aifc',
    audioop: 'audioop-lts',
    cgi: 'legacy-cgi',
    cgitb: 'standard-cgitb',
    chunk: 'standard-chunk',
    crypt: 'standard-crypt',
    imghdr: 'standard-imghdr',
    lib2to3: undefined,
    mailcap: 'standard-mailcap',
    msilib: undefined,
    nis: undefined,
    nntplib: 'standard-nntplib',
    ossaudiodev: undefined,
    pipes: 'standard-pipes',
    sndhdr: 'standard-sndhdr',
    spwd: undefined,
    sunau: 'standard-sunau',
    telnetlib: 'standard-telnetlib',
    uu: 'standard-uu',
    xdrlib: 'standard-xdrlib',
  },
}

/** What carries removed modules on, as pip installs it. */
export const successors = [
  ofSetuptools,
  ...Object.values(removed).flatMap((modules) => Object.values(modules).flatMap((name) => name ?? [])),
]

/** What is known of a module's removal, where this Python (`3.12.1`) is one that no longer has it. Pure. */
export function removedModule(module: string, python: string): RemovedModule | undefined {
  const own = Number(/^3\.(\d+)/.exec(python)?.[1] ?? Number.NaN)
  // since setuptools 82, and an environment of 3.12 or newer has no setuptools at all
  if (module === 'pkg_resources' && !Number.isNaN(own)) return { minor: undefined, name: ofSetuptools }
  for (const [minor, modules] of Object.entries(removed))
    if (own >= Number(minor) && Object.hasOwn(modules, module)) return { minor: Number(minor), name: modules[module] }
  return undefined
}
