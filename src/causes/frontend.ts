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
    title: "The frontend's packages are not installed, or not all of them",
    fix: 'election-dev start --install installs them',
  },
  {
    ...frontend,
    id: 'package-manager-missing',
    noCommands: "what is installed for the whole machine is its user's to install",
    title: "The frontend's package manager can't be had",
  },
  {
    ...frontend,
    id: 'frontend-failed',
    noCommands: 'what fails is the dev server or its configuration, as its own lines say',
    title: "The frontend's dev server ends, or serves no page",
  },
  { ...page, id: 'page-socket-elsewhere', title: "The page's own WebSocket goes where the application's is not" },
  {
    ...page,
    id: 'page-socket-refused',
    noCommands: 'what the page sends otherwise is its own',
    title: "The page's own WebSocket is refused, though the proven one is not",
  },
  {
    ...page,
    id: 'page-blocked',
    noCommands: "what the page asks for, and what it may, is the application's own",
    title: 'The browser forbids what the page asks for: CORS, CSP, mixed content',
  },
  {
    ...page,
    id: 'page-broken',
    noCommands: "what fails is the page's own script",
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
