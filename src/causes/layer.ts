import { judgeLost } from '../checks/broadcast.ts'
import { judgeInstances, judgeLayer, judgeWorkers } from '../checks/channel-layer.ts'
import { judgeUncrossed } from '../checks/crossing.ts'
import { sharedLayer } from '../fix/planners/dotenv.ts'
import { rightBackend, rightConfig, unsetLayer } from '../fix/planners/settings.ts'
import { own, type Cause } from './cause.ts'

const layer = { family: 'layer', severity: 'error' } as const
const setting = { ...layer, automatic: 'yes', rules: { unready: judgeLayer, inside: judgeLayer, working: judgeLayer } } as const

/** The channel layer, over which server processes and consumers talk to each other. */
export const layerCauses = [
  { ...setting, id: 'channel-layer-unset', title: "CHANNEL_LAYERS isn't set", fix: unsetLayer },
  {
    ...setting,
    id: 'channel-layer-backend-wrong',
    noCommands: own.settings,
    title: 'BACKEND of CHANNEL_LAYERS names no class',
    fix: rightBackend,
  },
  {
    ...setting,
    id: 'channel-layer-config-wrong',
    noCommands: own.settings,
    title: "CONFIG of CHANNEL_LAYERS isn't what the backend takes",
    fix: rightConfig,
  },
  {
    ...layer,
    id: 'layer-inmemory-multi-instance',
    automatic: 'ask',
    title: 'Several server processes each have an in-memory layer of their own',
    rules: { sent: judgeInstances, note: judgeWorkers },
    fix: sharedLayer,
  },
  {
    ...layer,
    id: 'layer-split',
    noCommands: 'only the user knows which Redis server or database is right',
    automatic: 'ask',
    title: 'The server processes use different Redis servers or databases',
    rules: { sent: judgeUncrossed },
    fix: 'only you know which Redis server or database is right',
  },
  {
    ...layer,
    id: 'broadcast-lost',
    noCommands: 'nothing shows what lost it',
    severity: 'warning',
    automatic: 'no',
    title: 'A broadcast to open sockets did not arrive, and nothing shows why',
    seenOnlyIn: 'start or smoke',
    rules: { tried: judgeLost },
  },
] as const satisfies readonly Cause[]
