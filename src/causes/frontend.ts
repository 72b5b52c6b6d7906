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
  { ...frontend, id: 'package-manager-missing', title: "The frontend's package manager can't be had" },
  { ...frontend, id: 'frontend-failed', title: "The frontend's dev server ends, or serves no page" },
  { ...page, id: 'page-socket-elsewhere', title: "The page's own WebSocket goes where the application's is not" },
  { ...page, id: 'page-socket-refused', title: "The page's own WebSocket is refused, though the proven one is not" },
  { ...page, id: 'page-blocked', title: 'The browser forbids what the page asks for: CORS, CSP, mixed content' },
  { ...page, id: 'page-broken', title: "The page can't be opened, or its own script fails before its WebSocket" },
  { ...page, id: 'page-socket-none', severity: 'warning', title: 'The page opens no WebSocket' },
] as const satisfies readonly Cause[]
