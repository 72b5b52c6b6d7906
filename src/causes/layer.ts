import type { Cause } from './cause.ts'

/** The channel layer, over which server processes and consumers talk to each other. */
export const layerCauses = [
  { id: 'channel-layer-unset', family: 'layer', severity: 'error', automatic: 'yes', title: "CHANNEL_LAYERS isn't set" },
  {
    id: 'channel-layer-backend-wrong',
    family: 'layer',
    severity: 'error',
    automatic: 'yes',
    title: 'BACKEND of CHANNEL_LAYERS names no class',
  },
  {
    id: 'channel-layer-config-wrong',
    family: 'layer',
    severity: 'error',
    automatic: 'yes',
    title: "CONFIG of CHANNEL_LAYERS isn't what the backend takes",
  },
  {
    id: 'layer-inmemory-multi-instance',
    family: 'layer',
    severity: 'error',
    automatic: 'ask',
    title: 'Several server processes each have an in-memory layer of their own',
  },
  {
    id: 'layer-split',
    family: 'layer',
    severity: 'error',
    automatic: 'ask',
    title: 'The server processes use different Redis servers or databases',
  },
  {
    id: 'broadcast-lost',
    family: 'layer',
    severity: 'warning',
    automatic: 'no',
    title: 'A broadcast to open sockets did not arrive, and nothing tells why',
    seenOnlyIn: 'start or smoke',
  },
] as const satisfies readonly Cause[]
