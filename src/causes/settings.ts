import { judgeBooleans } from '../checks/dotenv-sources.ts'
import { judgeSettings } from '../checks/settings.ts'
import { bareValue, correctBoolean, encodeDotenv, leaveOut, makeFolders, placeDotenv, placeModule } from '../fix/planners/dotenv.ts'
import { giveVariables } from '../fix/planners/variables.ts'
import { withoutSettingsModule } from '../fix/planners/serving.ts'
import { own, type Cause } from './cause.ts'

const settings = { family: 'settings', severity: 'error', rules: { stopped: judgeSettings } } as const

/** The settings module, and the .env that it reads. */
export const settingsCauses = [
  {
    ...settings,
    id: 'wrong-settings-module',
    automatic: 'yes',
    title: "DJANGO_SETTINGS_MODULE names a module that isn't there",
    fix: withoutSettingsModule,
  },
  {
    ...settings,
    id: 'own-module-missing',
    automatic: 'ask',
    title: 'A module of the project is missing, but its sample exists',
    fix: placeModule,
  },
  {
    ...settings,
    id: 'settings-import-hang',
    noCommands: own.code,
    automatic: 'no',
    title: 'Importing the settings never ends',
  },
  {
    ...settings,
    id: 'env-bool-typo',
    noCommands: 'only you know what the value should be: doctor --fix shows the edit, and makes it',
    automatic: 'ask',
    title: "A boolean in .env isn't one, or is read as its opposite",
    rules: { ...settings.rules, note: judgeBooleans },
    fix: correctBoolean,
  },
  { ...settings, id: 'env-not-loaded', automatic: 'ask', title: ".env isn't where the settings look for it", fix: placeDotenv },
  {
    ...settings,
    id: 'env-variables-missing',
    automatic: 'ask',
    title: 'The settings need variables that are not set',
    fix: giveVariables,
  },
  { ...settings, id: 'env-encoding', automatic: 'yes', title: ".env isn't plain UTF-8", fix: encodeDotenv },
  {
    ...settings,
    id: 'env-value-malformed',
    automatic: 'yes',
    title: "A value in .env isn't what the settings expect",
    fix: bareValue,
  },
  { ...settings, id: 'env-shadowed', automatic: 'ask', title: 'A shell variable overrides the one in .env', fix: leaveOut },
  { ...settings, id: 'log-dir-missing', automatic: 'yes', title: "LOGGING writes to a folder that isn't there", fix: makeFolders },
] as const satisfies readonly Cause[]
