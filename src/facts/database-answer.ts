import { connect } from 'node:net'
import { deadline } from '../host/deadline.ts'

/** What a database server answers. `starting`: it is there, and takes no work yet. */
export type DatabaseAnswer = 'up' | 'starting' | 'nothing'

/** How long one answer may take, in milliseconds. */
const answerMs = 2000

/**
 * Asks the server at a port of this machine whether it takes work. PostgreSQL is greeted as the user for the
 * database, and tells what it wants to see then (postgresql.org/docs/current/protocol-flow.html); MySQL speaks first.
 * A port that Docker forwards takes connections before anything is behind it. Never throws; 2 s at most.
 */
export async function askDatabase(
  kind: 'postgresql' | 'mysql',
  port: number,
  { user, name }: { readonly user: string; readonly name: string },
): Promise<DatabaseAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    const finish = (answer: DatabaseAnswer) => {
      quit()
      socket.destroy()
      resolve(answer)
    }
    const quit = deadline(answerMs, () => finish('nothing'))
    if (kind === 'postgresql') socket.once('connect', () => socket.write(startupMessage(user, name)))
    socket.once('data', (bytes) => finish(kind === 'postgresql' ? postgresAnswer(bytes) : 'up'))
    socket.on('error', () => finish('nothing'))
    socket.once('close', () => finish('nothing'))
  })
}

/** Version 3.0, and the parameters as words that end with a zero each. */
function startupMessage(user: string, database: string): Buffer {
  const words = Buffer.from(`user\0${user}\0database\0${database}\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(words.length + 8, 0)
  head.writeInt32BE(196_608, 4)
  return Buffer.concat([head, words])
}

/** A question for the password, or a refusal: 57P03 alone means that it can't serve yet. */
function postgresAnswer(bytes: Buffer): DatabaseAnswer {
  const kind = String.fromCharCode(bytes[0] ?? 0)
  if (kind === 'R') return 'up'
  if (kind !== 'E') return 'nothing'
  return bytes.toString('latin1').includes('C57P03\0') ? 'starting' : 'up'
}
