/** Consumers that make a backend hard to stop: what they do happens at the first handshake, in the server's main thread. */

function consumer(atConnect: string, head = ''): string {
  return `
import asyncio, os, signal, subprocess, sys
from channels.generic.websocket import AsyncJsonWebsocketConsumer
${head}
done = False

class Updates(AsyncJsonWebsocketConsumer):
    async def connect(self):
        global done
        if not done:
            done = True
${atConnect
  .trim()
  .split('\n')
  .map((line) => `            ${line}`)
  .join('\n')}
        await self.accept()
        await self.send_json({"type": "welcome"})

    async def receive_json(self, content):
        if content.get("type") == "ping":
            await self.send_json({"type": "pong"})
`
}

/** Goes on after SIGTERM: the handlers of the servers are replaced. */
export const deafConsumer = consumer('signal.signal(signal.SIGTERM, signal.SIG_IGN)')

/** Starts a child in its own group, which ignores SIGTERM. */
export const deafChildConsumer = consumer(`
code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", code])
`)

/** Starts a child in a session of its own, which holds the server's output open. */
export const sessionChildConsumer = consumer(`
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
`)

/** Prints a line every 20 ms. */
export const chattyConsumer = consumer(
  'asyncio.get_running_loop().create_task(chatter())',
  `
async def chatter():
    number = 0
    while True:
        number += 1
        print(f"chatter {number}", flush=True)
        await asyncio.sleep(0.02)
`,
)
