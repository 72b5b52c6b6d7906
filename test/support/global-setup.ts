import { environments, prepareEnvironment, redisServer, chromium, type EnvironmentName } from './tools.ts'

/** Makes what the tests run against, before the first of them starts; a second run finds all of it there. */
export default async function setup(): Promise<void> {
  const names: EnvironmentName[] = ['main', 'uvicorn', 'uvicornPlain', 'hypercorn', 'django']
  const known = Object.keys(environments)
  for (const name of names) {
    if (!known.includes(name)) throw new Error(`no such environment: ${name}`)
    await prepareEnvironment(name)
  }
  await redisServer('system')
  await redisServer('3.2')
  await redisServer('5.0')
  await redisServer('8')
  await chromium()
}
