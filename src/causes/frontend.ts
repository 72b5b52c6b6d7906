import type { Cause } from './cause.ts'

const frontend = { family: 'frontend', severity: 'warning', automatic: 'no', seenOnlyIn: 'start' } as const

/** The page's dev server. The WebSocket is proven without it. */
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
] as const satisfies readonly Cause[]
