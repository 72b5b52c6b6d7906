#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs'

// this file alone is read by any Node: what follows needs the version of package.json#engines
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const args = process.argv.slice(2)
if (args[0] === '--version' || args[0] === '-V') {
  // answered before anything is loaded: shells and CI ask it often
  process.stdout.write(`${JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version}\n`)
} else if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`election-dev needs Node 20.19 or newer; this is ${process.version}.\n`)
  process.exitCode = 2
} else if (!existsSync(new URL('../dist/cli.js', import.meta.url))) {
  process.stderr.write('election-dev is not built yet: npm install && npm run build\n')
  process.exitCode = 2
} else {
  try {
    const { main } = await import('../dist/cli.js')
    process.exitCode = await main(args)
  } catch (error) {
    // the system refuses what it takes to say more: descriptors, memory, its own files
    if (typeof error?.syscall !== 'string') throw error
    process.stderr.write(`election-dev can't go on: ${error.message.replace(/\p{Cc}+/gu, ' ')}\n`)
    process.exitCode = 2
  }
  // told to stop by a signal: a reader that takes no more of the output is not waited for
  if (process.exitCode > 128) setTimeout(() => process.exit(), 1000).unref()
}
