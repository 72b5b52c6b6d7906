// The yardstick: nothing but what has to happen. Spawns daphne, retries the
// handshake every 5 ms, prints the milliseconds since its own start, ends.
// usage: shortest.js PYTHON BACKEND PORT PATH_WITH_TOKEN
import { spawn } from 'node:child_process'
import { WebSocket } from 'ws'

const [python, backend, port, path] = process.argv.slice(2)
const server = spawn(python, ['-m', 'daphne', '-b', '127.0.0.1', '-p', port, 'core.asgi:application'], { cwd: backend, stdio: 'ignore' })
attempt()

function attempt() {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { origin: `http://127.0.0.1:${port}` })
  socket.on('error', () => setTimeout(attempt, 5))
  socket.on('open', () => {
    console.log(`ready ${Math.round(performance.now())}`)
    socket.terminate()
    server.once('exit', () => process.exit())
    server.kill()
  })
}
