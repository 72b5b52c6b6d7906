import type { Diagnosis } from './diagnosis.ts'
import type { Evidence } from './evidence.ts'
import type { CauseId } from '../causes/causes.ts'
import { migrate, unlock, waitForRedis } from '../fix/planners/database.ts'
import {
  bareValue,
  correctBoolean,
  emptyPassword,
  encodeDotenv,
  leaveOut,
  makeFolders,
  memoryInstead,
  placeDotenv,
  sharedLayer,
} from '../fix/planners/dotenv.ts'
import {
  installPackage,
  makeEnvironment,
  newerEnvironment,
  otherEnvironment,
  remakeEnvironment,
  renameShadow,
} from '../fix/planners/environment.ts'
import { allowHost, allowOrigin } from '../fix/planners/hosts.ts'
import { noFix, type Fix, type Planner, type NoFix } from '../fix/step.ts'
import type { FixFacts } from '../fix/fix-facts.ts'
import {
  continueServer,
  endHolder,
  isToldNoWebSocket,
  otherAddress,
  otherPort,
  rightApplication,
  startAnew,
  withoutSettingsModule,
} from '../fix/planners/serving.ts'
import { daphneFirst, fixedKey, nameApplication, rightBackend, rightConfig, unsetLayer } from '../fix/planners/settings.ts'
import { rightAddress, rightPort, rightScheme, rightSlash } from '../fix/planners/url.ts'

const planners: Readonly<Partial<Record<CauseId, Planner>>> = {
  'server-not-running': startAnew,
  'wsgi-server-on-port': startAnew,
  'asgi-app-under-wsgi-server': startAnew,
  'asgi-app-wrong': startAnew,
  'ws-library-missing': (evidence, facts, cause) =>
    isToldNoWebSocket(evidence) ? startAnew(evidence, facts, cause) : installPackage(evidence, facts, cause),
  'server-websocket-timeout': startAnew,
  'server-suspended': continueServer,
  'message-too-big': startAnew,
  'unix-socket': startAnew,
  'stale-server-old-code': startAnew,
  'wrong-working-directory': startAnew,
  'port-in-use': endHolder,
  'bad-port-permission': otherPort,
  'bind-address-unavailable': otherAddress,
  'asgi-attribute-missing': rightApplication,
  'wrong-frontend-port': rightPort,
  'ipv6-localhost': rightAddress,
  'wss-vs-ws': rightScheme,
  'trailing-slash-missing': rightSlash,
  'venv-missing': makeEnvironment,
  'venv-broken': remakeEnvironment,
  'python-too-old': newerEnvironment,
  'wrong-venv': otherEnvironment,
  'missing-dep': installPackage,
  'daphne-missing': installPackage,
  'channels-redis-missing': installPackage,
  'module-shadowed': renameShadow,
  'wrong-settings-module': withoutSettingsModule,
  'env-bool-typo': correctBoolean,
  'env-not-loaded': placeDotenv,
  'env-encoding': encodeDotenv,
  'env-value-malformed': bareValue,
  'env-shadowed': leaveOut,
  'log-dir-missing': makeFolders,
  'asgi-application-setting-wrong': nameApplication,
  'daphne-app-order': daphneFirst,
  'secret-key-changes': fixedKey,
  'origin-rejected': allowOrigin,
  'allowed-hosts': allowHost,
  'channel-layer-unset': unsetLayer,
  'channel-layer-backend-wrong': rightBackend,
  'channel-layer-config-wrong': rightConfig,
  'layer-inmemory-multi-instance': sharedLayer,
  'redis-unreachable': memoryInstead,
  'redis-unresponsive': memoryInstead,
  'redis-too-old': memoryInstead,
  'redis-unexpected-password': emptyPassword,
  'redis-loading': waitForRedis,
  'migrations-pending': migrate,
  'database-locked': unlock,
}

/** Causes that a program may fix and where it can't know the right value. */
export const withoutFix: Readonly<Partial<Record<CauseId, string>>> = {
  'user-missing': 'election-dev start --setup makes a development user, and shows its password',
  'database-unreachable': 'which database is meant, and who is to start it, only you know',
  'origin-missing': 'the client that sends no Origin is not in this checkout: a browser always sends one',
  'layer-split': 'which of the Redis servers or databases is the right one, only you know',
}

/** How a cause is fixed, or why nothing is. Pure. */
export function planFix(diagnosis: Diagnosis, evidence: Evidence, facts: FixFacts): Fix | NoFix {
  const { id, remedy } = diagnosis
  if (remedy.automatic === 'no') return noFix('this one is yours to fix')
  const planner = planners[id]
  return planner === undefined
    ? noFix(withoutFix[id] ?? 'there is no fix for it yet')
    : planner(evidence, facts, { id, commands: remedy.commands })
}

/** True where there is a plan for the cause. */
export const hasFix = (id: CauseId): boolean => planners[id] !== undefined
