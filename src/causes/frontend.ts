import type { Cause } from './cause.ts'

const frontend = { family: 'frontend', severity: 'warning', automatic: 'no', seenOnlyIn: 'start' } as const

/** A browser has to look. */
const page = { family: 'frontend', severity: 'error', automatic: 'no', seenOnlyIn: 'start, verify --browser, smoke' } as const

/** The page's dev server. The WebSocket is proven without it; and the page itself, as a browser sees it. */
export const frontendCauses = [
  {
    ...frontend,
    id: 'frontend-not-installed',
    automatic: 'ask',
    title: "Some or all of the frontend's packages are not installed",
    fix: 'election-dev start --install installs them',
  },
  {
    ...frontend,
    id: 'package-manager-missing',
    noCommands: 'programs for the whole machine are yours to install',
    title: "The frontend's package manager isn't available",
  },
  {
    ...frontend,
    id: 'frontend-failed',
    noCommands: 'the dev server or its configuration fails, as its output says',
    title: "The frontend's dev server ends, or serves no page",
  },
  { ...page, id: 'page-socket-elsewhere', title: "The page's own WebSocket goes to the wrong address" },
  {
    ...page,
    id: 'page-socket-refused',
    noCommands: 'what the page sends is its own',
    title: "The page's own WebSocket is refused, though the proven one is not",
  },
  {
    ...page,
    id: 'page-blocked',
    noCommands: 'what the page requests and may do is up to the application',
    title: 'The browser blocks what the page requests: CORS, CSP, mixed content',
  },
  {
    ...page,
    id: 'page-broken',
    noCommands: "the page's own script fails",
    title: "The page can't be opened, or its own script fails before its WebSocket",
  },
  {
    ...page,
    id: 'page-socket-none',
    noCommands: "what opens the page's WebSocket, a login or a click, is the page's own",
    severity: 'warning',
    title: 'The page opens no WebSocket',
  },
] as const satisfies readonly Cause[]
