import type { Cause } from './cause.ts'

/** The settings module, and the .env that it reads. */
export const settingsCauses = [
  {
    id: 'wrong-settings-module',
    family: 'settings',
    severity: 'error',
    automatic: 'yes',
    title: "DJANGO_SETTINGS_MODULE names a module that isn't there",
  },
  { id: 'settings-import-hang', family: 'settings', severity: 'error', automatic: 'no', title: 'Importing the settings never ends' },
  {
    id: 'env-bool-typo',
    family: 'settings',
    severity: 'error',
    automatic: 'ask',
    title: "A boolean in .env isn't one, or is read as its opposite",
  },
  { id: 'env-not-loaded', family: 'settings', severity: 'error', automatic: 'ask', title: ".env isn't where the settings look for it" },
  { id: 'env-encoding', family: 'settings', severity: 'error', automatic: 'yes', title: ".env isn't plain UTF-8" },
  {
    id: 'env-value-malformed',
    family: 'settings',
    severity: 'error',
    automatic: 'yes',
    title: "A value in .env can't be what the settings take it for",
  },
  { id: 'env-shadowed', family: 'settings', severity: 'error', automatic: 'ask', title: 'A variable of the shell beats the one in .env' },
  { id: 'log-dir-missing', family: 'settings', severity: 'error', automatic: 'yes', title: "LOGGING writes to a folder that isn't there" },
] as const satisfies readonly Cause[]
