/** What `start` needs once its server is launched: the WebSocket client and the judgement. Loaded by then, not before. */
export { watch } from '../verify/watch.ts'
export { tellOthers } from './start-observed.ts'
export { startProof } from './start-proof.ts'
export { stateOf, summaryOf, tellFindings, tellUnread } from './start-summary.ts'
