/** Redis 3.2 where no real one can be built: a stand-in that answers as it does to a login, INFO and the layer's commands. */
import type { RunningRedis, standIn } from './redis.ts'
import { redisServer } from './tools.ts'

/** Which of the two a test runs against, for its name. */
export async function oldRedisKind(): Promise<'a real one' | 'a stand-in'> {
  return (await redisServer('3.2')) === undefined ? 'a stand-in' : 'a real one'
}

const info = '# Server\r\nredis_version:3.2.100\r\nredis_mode:standalone\r\nos:stand-in\r\n'
/** What 3.2 doesn't know yet (measured on a real 3.2.11). */
const unknown = new Set(['BZPOPMIN', 'ZPOPMIN', 'HELLO', 'CLIENT SETINFO', 'ACL'])

/** Starts the stand-in on a free loopback port; `start` starts any. */
export async function startOldRedisStandIn(start: typeof standIn): Promise<RunningRedis> {
  const server = await start(
    () => {},
    (socket, data) => {
      for (const words of commandsOf(data)) socket.write(answer(words))
    },
  )
  return {
    host: '127.0.0.1',
    port: server.port,
    socketPath: undefined,
    pid: process.pid,
    folder: '',
    command: () => Promise.reject(new Error('a stand-in takes no commands of the test')),
    stop: server.stop,
  }
}

function answer([name = '', ...rest]: readonly string[]): string {
  const command = name.toUpperCase()
  if (unknown.has(command)) return `-ERR unknown command '${name}'\r\n`
  if (command === 'PING') return '+PONG\r\n'
  if (command === 'INFO') return `$${info.length}\r\n${info}\r\n`
  if (command === 'AUTH') return '-ERR Client sent AUTH, but no password is set\r\n'
  if (command === 'COMMAND') return '*1\r\n*-1\r\n'
  if (['SELECT', 'MULTI', 'DISCARD', 'CLIENT'].includes(command)) return '+OK\r\n'
  if (command === 'EXEC') return '-EXECABORT Transaction discarded because of previous errors.\r\n'
  return rest.length === 0 ? '+OK\r\n' : ':0\r\n'
}

/** RESP arrays of bulk strings, which is all that clients send (https://redis.io/docs/latest/develop/reference/protocol-spec/). */
function commandsOf(data: string): string[][] {
  const lines = data.split('\r\n')
  const commands: string[][] = []
  for (let index = 0; index < lines.length; index++) {
    const count = /^\*(\d+)$/.exec(lines[index] ?? '')?.[1]
    if (count === undefined) continue
    commands.push(Array.from({ length: Number(count) }, (_, word) => lines[index + 2 + word * 2] ?? ''))
    index += Number(count) * 2
  }
  return commands
}
