import { InvalidArgumentError } from 'commander'
import type { CliCommand } from './cli-command.ts'

/** A whole number, as commander hands it over. Throws InvalidArgumentError. */
export function number(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('It must be a number.')
  return Number(value)
}

/** An option that may be given more than once. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value]
}

/** What every command takes. */
export function commonOptions(command: CliCommand): void {
  command
    .option('--cwd <folder>', 'the folder of the project (default: the working folder)')
    .option('--json', 'print JSON on standard output, and nothing else there')
    .option('--verbose', 'say what was looked at and why it was chosen')
}

/** Which run a command is about. */
export function pidOption(command: CliCommand): void {
  command.option('--pid <pid>', 'the run of this launcher, where there are several', number)
}

/** What a command that looks at a project takes. */
export function projectOptions(command: CliCommand): void {
  command
    .with(commonOptions)
    .option('--backend <folder>', 'folder that holds manage.py')
    .option('--settings <module>', 'settings module, such as core.settings')
    .option('--application <name>', 'ASGI application, such as core.asgi:application')
    .option('--python <file>', 'interpreter of the backend, or what --setup makes its environment with')
    .option('--path <path>', 'path of the WebSocket (default /ws/election-updates/, else what the routes say)')
    .option('--origin <origin>', 'Origin that the browser will send, such as http://localhost:3000; none: no browser, and none is sent')
    .choice('--token-in <place>', 'where the token goes (default: where the sources read one, else query)', [
      'query',
      'header',
      'cookie',
      'subprotocol',
    ])
    .option('--token-name <name>', 'name of the query parameter, header or cookie that takes the token, or of the subprotocol before it')
    .option('--user <name>', 'user of the project that stands for the page (default: the one that --setup made, else one of the database)')
    .option('--subprotocol <name>', 'subprotocol that the page offers; may be given more than once', collect)
    .option('--no-ping', 'send the application no {"type":"ping"}')
    .option('--env-file <file>', 'the .env that the settings read')
}

/** What chooses the channel layer. */
export function layerOptions(command: CliCommand): void {
  command
    .choice('--channel-layer <layer>', 'memory, redis, or auto: as the environment and .env say (default auto)', [
      'auto',
      'memory',
      'redis',
    ])
    .option('--channel-layer-variable <name>', 'variable that the settings read to choose Redis (default USE_REDIS_FOR_CHANNELS)')
    .option('--strict', 'fail where Redis is wanted and not usable, instead of going on in memory')
}

/** What a set-up for several instances is made to. */
export function exportOptions(command: CliCommand): void {
  command
    .choice('--server <name>', 'ASGI server (default: the one of the requirements)', ['daphne', 'uvicorn', 'hypercorn'])
    .option('--channel-layer-variable <name>', 'variable that the settings read to choose Redis (default USE_REDIS_FOR_CHANNELS)')
    .option('--out <folder>', 'where it is written (default: deploy/compose, deploy/kubernetes; a Procfile in the checkout)')
    .choice('--proxy <name>', 'compose: what stands in front (default nginx)', ['nginx', 'caddy', 'traefik'])
    .option('--replicas <n>', 'how many instances (default 2)', number)
    .option('--host <name>', 'kubernetes: host name of the Ingress (default election.example.org)')
    .option('--image <name>', "name of the backend's image (default: the folder's, and -backend)")
    .option('--dry-run', 'show what would be written, and write nothing')
    .option('--yes', 'change files that are there, after showing the difference')
}

/** What starts a server. */
export function launchOptions(command: CliCommand): void {
  command
    .with(layerOptions)
    .choice('--server <name>', 'ASGI server (default: the first that is installed)', ['daphne', 'uvicorn', 'hypercorn', 'runserver'])
    .option('--host <address>', 'address to bind (default 127.0.0.1; 0.0.0.0 opens it to the network)')
    .option('--port <port>', 'port to bind (default 8000; the next free one where it is held)', number)
    .option('--strict-port', 'fail where the port is held')
    .option('--setup', 'make what a fresh checkout lacks, after listing it')
    .option('--reload', 'restart the backend when its Python changes, and prove its WebSocket again')
    .option('--no-restart', 'end when the backend crashes, instead of starting it again')
    .option('--takeover', 'end earlier servers of this project on the ports of backend and page')
    .option('--no-watch', 'do not keep a socket open after ready')
    .option('--no-parent-watch', 'go on when the process that started this is gone')
    .option('--no-observer', 'run the application without the observer around it: no broadcast proof, less exact causes')
    .option(
      '--hold <ms>',
      "how long a socket is held that answers no ping, gets no broadcast and isn't seen to wait for messages, in milliseconds (default 2000)",
      number,
    )
    .option('--start-timeout <ms>', 'how long the server may take to listen, in milliseconds (default 60000)', number)
    .option('--stop-timeout <ms>', 'how long the server may take to end before it is killed, in milliseconds (default 5000)', number)
}

/** What runs beside the backend, and how a whole day of it is shown. */
export function stackOptions(command: CliCommand): void {
  command
    .option('--frontend <folder>', 'folder of the frontend (default: frontend, or where a package.json has a dev script)')
    .option('--no-frontend', 'start no frontend')
    .option('--only <services>', 'start these alone, and what they depend on: backend,frontend,worker', list)
    .option('--procfile <file>', 'read services from this Procfile (default: Procfile where it is there)')
    .option('--no-procfile', 'read no Procfile')
    .option('--managed', 'start the Redis and the PostgreSQL that the settings name, where they are not there')
    .option('--managed-redis', 'start a Redis of its own on a free port, and use it as the channel layer')
    .option('--instances <n>', 'start n backends, each on a port of its own; needs the Redis layer', number)
    .option('--install', 'install packages where they are missing: of the backend, into its environment, and of the frontend')
    .with(browserOptions)
    .option('--open', 'open the page in the browser once all is proven')
    .option('--no-keys', 'take no keys on the terminal')
    .option('--timestamps', 'begin each line of output with the time')
    .option('--log-file <file>', 'write the output of all services to this file, too; rotated')
    .option('--log-only <services>', 'print the output of these services alone', list)
}

/** Whether the page is looked at in a browser of its own. */
function browserOptions(command: CliCommand): void {
  command
    .option('--browser', 'look at the page in a headless browser at once (default: where its sources, configuration or ports changed)')
    .option('--no-browser', 'never look at the page in a browser')
    .option('--screenshot <file>', 'write a picture of the page to this file')
}

/** How a smoke test is told, and how long it may take. */
export function smokeOptions(command: CliCommand): void {
  command
    .option('--reporter <kind>', 'text, json, junit or github, or KIND=FILE; may be given more than once', collect)
    .option('--timeout <ms>', 'how long the whole may take, start and end included, in milliseconds (default 120000)', number)
    .option('--frontend [folder]', 'start the frontend, too')
    .option('--no-frontend', 'start no frontend')
    .option('--install', 'install the packages of the frontend where they are missing')
    .option('--browser', 'look at the page in a headless browser (default: where a frontend is started and a browser is there)')
    .option('--no-browser', 'never look at the page in a browser')
    .option('--screenshot <file>', 'write a picture of the page to this file (default: where it fails, beside the JUnit file)')
    .option('--managed', 'start the Redis and the PostgreSQL that the settings name, where they are not there')
    .option('--managed-redis', 'start a Redis of its own on a free port, and use it as the channel layer')
    .option('--instances <n>', 'start n backends, each on a port of its own; needs the Redis layer', number)
    .option('--only <services>', 'start these alone, and what they depend on: backend,frontend,worker', list)
}

/** Names with commas between them. */
function list(value: string): readonly string[] {
  return value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
