/** How `start` runs it. */
export interface DevLaunch {
  /** Its place among the tools: the first whose package is there is taken, where no script says which. */
  readonly preference: number
  /** The package that brings its program, where that hasn't its name. */
  readonly package?: string
  /** Where it listens when nobody tells it otherwise. */
  readonly port: number
  /** The options that take a port, the one that it is given first; absent: it is given by the variable. */
  readonly portFlags?: readonly [string, ...string[]]
  /** The variable that it takes its port from, where no option tells it. */
  readonly portVariable?: string
  /** Without it, it goes on to another port in silence. */
  readonly strictFlag?: string
  /** The word that is run where its script has none. */
  readonly usual?: string
  /** The words that open a browser, although `BROWSER` is `none`, and what keeps it from that. */
  readonly opens?: readonly string[]
  readonly closed?: string
  /** What makes it serve by https, beside `--https` and its configuration: an option, a variable that is `true`. */
  readonly secureFlag?: string
  readonly secureVariable?: string
  /** It reads these variables in its `.env` files, too. */
  readonly dotenv?: true
}

/** Its file of configuration, as far as it is read as text. */
interface DevConfigFile {
  /** Without the ending: `vite.config`. */
  readonly name: string
  /** The entry of its dev server; absent: no port stands there. */
  readonly section?: string
  /** Its proxy in there counts, also where the tool itself isn't asked. */
  readonly proxies?: true
  /** What lets an entry of its proxy pass WebSockets on: it takes upgrades for its own, and leaves others hanging. */
  readonly upgrades?: string
  /** The keys of the page's path, and of the folder that it is built into. */
  readonly base?: string
  readonly output?: string
  /** What makes it serve by https there, beside `https`. */
  readonly secure?: RegExp
}

/** The tool that serves a page while it is written: all that is known of it, exported under a name. */
export interface DevTool {
  /** Its program, as a script calls it, and another name of that. */
  readonly name: string
  readonly also?: string
  readonly title: string
  /** The word behind the program that makes it serve; empty where there is none. */
  readonly serving: RegExp
  /** Absent: it is run as its script says, and is told of no port. */
  readonly launch?: DevLaunch
  readonly config?: DevConfigFile
  /** JavaScript that asks the project's own copy what it would serve (`facts/dev-answer.ts` runs it), in a file of its own: nothing needs it before a launch. */
  readonly question?: () => Promise<{ readonly question: string }>
  /** What the names of the variables begin with that it hands to the page. */
  readonly prefixes?: readonly string[]
  /** Others' variables begin so as well. */
  readonly sharesPrefix?: true
  /** `.env.local` counts before the `.env` of the mode. */
  readonly localFirst?: true
  /** The folder that it builds into, where that isn't `dist`. */
  readonly output?: string
  /** What only the page of a running one has, and the usual id of the element that the page is put into. */
  readonly page?: RegExp
  readonly root?: string
  /** Its own WebSocket, which isn't the application's: each that is given has to fit. */
  readonly channel?: {
    /** What its client offers. */
    readonly subprotocol?: RegExp
    /** Where it is, at the page's own host. */
    readonly path?: RegExp
    /** The first message that its server sends, where its path may be anybody's. */
    readonly says?: RegExp
  }
  /** What it puts in front of a source's path. */
  readonly sources?: RegExp
}
