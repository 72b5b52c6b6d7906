/** What a page asks to be opened with, and what a browser saw of it: both cross a process boundary as JSON. */

/** One page, and as whom it is opened. Holds secrets: never to be printed or put into an argv. */
export interface PageJob {
  /** The browser's program, and what people call it. */
  readonly browser: string
  readonly browserName: string
  readonly url: string
  /** Hosts that may be contacted besides the page's own and loopback. */
  readonly hosts: readonly string[]
  readonly cookies: readonly { readonly name: string; readonly value: string; readonly url: string }[]
  /** Put into the storage of the page's origin before its first script runs, where nothing is there. */
  readonly storage: { readonly local: Readonly<Record<string, string>>; readonly session: Readonly<Record<string, string>> }
  readonly login: PageLogin | undefined
  /** A selector of what has to be there. */
  readonly expect: string | undefined
  /** What is done in the first of two windows, and has to be seen in the other one. */
  readonly change: PageChange | undefined
  /** The browser is started as root, whom its sandbox refuses. */
  readonly asRoot: boolean
  /** When the look ends whatever has been seen by then, in milliseconds after its start. */
  readonly deadlineMs: number
  /** Where a picture of the page goes; `failed`: only where one of its WebSockets isn't open. */
  readonly screenshot: { readonly file: string; readonly when: 'always' | 'failed' } | undefined
}

/** What is to be looked at: the rest of the job is the machine's. */
export type PageRequest = Omit<PageJob, 'browser' | 'browserName' | 'asRoot' | 'deadlineMs'>

/** A form that is filled in before the page is looked at. */
export interface PageLogin {
  /** Where the form is; undefined: on the page itself. */
  readonly url: string | undefined
  /** Values by the selectors of their fields. */
  readonly fields: Readonly<Record<string, string>>
  /** What is clicked; undefined: the form of the last field is sent. */
  readonly submit: string | undefined
}

/** What changes the data behind a page, from within it. */
export interface PageChange {
  /** A selector; `send`: a text over the page's own WebSocket; `request`: made by the page, with what identifies it. */
  readonly by:
    | { readonly kind: 'click'; readonly selector: string }
    | { readonly kind: 'send'; readonly text: string }
    | { readonly kind: 'request'; readonly method: string; readonly path: string; readonly body: string | undefined }
  /** What the message that arrives has in it; undefined where it may be any, since none comes without a change. */
  readonly expect: string | undefined
}

/** A place in a script as its author wrote it, where a source map tells, else as it was served. */
export interface ScriptPlace {
  /** `src/socket.js`, or the URL of what was served. */
  readonly file: string
  readonly line: number
  /** That line, trimmed and cut. */
  readonly text: string | undefined
}

/** One WebSocket that the page has opened. */
export interface PageSocket {
  /** Without the values of its query. */
  readonly url: string
  /** `open`: 101, and still there at the end of the look. */
  readonly state: 'opening' | 'open' | 'closed' | 'refused'
  /** The answer to the handshake, where one came. */
  readonly status: number | undefined
  /** The browser's own word: `net::ERR_CONNECTION_REFUSED`. */
  readonly error: string | undefined
  readonly close: { readonly code: number; readonly reason: string } | undefined
  readonly received: number
  readonly sent: number
  /** Where it is opened. */
  readonly at: ScriptPlace | undefined
}

/** A request that the page made in vain. */
export interface PageRefusal {
  readonly url: string
  readonly kind: 'cors' | 'csp' | 'mixed-content' | 'not-contacted' | 'failed'
  /** What the browser says of it. */
  readonly text: string
  /** A socket was to be opened by it. */
  readonly isSocket: boolean
}

/** What a browser saw of a page. */
export interface PageSeen {
  /** `Chromium 156`. */
  readonly browser: string
  /** Where the page was in the end, which a redirect or its own script may have changed. */
  readonly url: string
  /** Of its document; undefined where none came. */
  readonly status: number | undefined
  /** `net::ERR_TOO_MANY_REDIRECTS`, or what else kept the document from coming. */
  readonly error: string | undefined
  /** Its load event has come. */
  readonly loaded: boolean
  /** Those of the page, in the order of their opening: those of its dev server are none of them. */
  readonly sockets: readonly PageSocket[]
  readonly refusals: readonly PageRefusal[]
  /** What its scripts threw and nobody caught. */
  readonly exceptions: readonly { readonly text: string; readonly at: ScriptPlace | undefined }[]
  /** What its scripts wrote to the console as an error. */
  readonly consoleErrors: readonly string[]
  /** A field for a password is on it. */
  readonly asksForLogin: boolean
  /** Of `login`: what could not be filled in or clicked. */
  readonly loginProblem: string | undefined
  /** Whether `expect` is there; a text says why that can't be told; undefined where nothing was expected. */
  readonly expected: boolean | string | undefined
  /** Of `change`: what came of it in the second window. */
  readonly change: PageCrossing | undefined
  /** The picture that was taken, or why there is none; undefined where none was wanted. */
  readonly screenshot: { readonly file: string } | { readonly why: string } | undefined
  /** `late`: the look was ended by its deadline. `crashed`: the page's process has died. */
  readonly end: 'settled' | 'late' | 'crashed'
  readonly elapsedMs: number
}

/** A change in one window, and when the other one heard of it. */
export type PageCrossing = { readonly arrived: true; readonly ms: number } | { readonly arrived: false; readonly why: string }

/** What the process that looks tells in the end. */
export type PageLook =
  | ({ readonly result: 'seen' } & PageSeen)
  /** The browser could not be used, or not in time. */
  | { readonly result: 'unseen'; readonly why: string }
