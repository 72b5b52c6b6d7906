// Starts the project, runs something of yours against its proven WebSocket, and
// ends all of it:  node api.mjs [folder of the project]
import { isRunError, start, verify } from 'election-dev'

try {
  const run = await start({ cwd: process.argv[2] ?? '.' })
  try {
    console.log(`${run.websocketUrl}: ${run.status().websocket.state}`)

    // what it is all for: your own test, seed or benchmark
    const { proven, pongMs } = await verify({ url: run.websocketUrl, origin: new URL(run.url).origin, hold: 500 })
    console.log(proven ? `proven from outside, too; pong in ${Math.round(pongMs ?? 0)} ms` : 'not proven from outside')
  } finally {
    await run.stop()
  }
} catch (error) {
  if (!isRunError(error)) throw error
  console.error([`${error.message} (${error.code})`, ...error.evidence, error.hint ?? ''].join('\n  '))
  process.exitCode = error.exitCode
}
