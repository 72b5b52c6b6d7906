import * as v from 'valibot'

/** Keys that describe what runs beside the backend. */
const text = (description: string) => v.exactOptional(v.pipe(v.string(), v.nonEmpty(), v.description(description)))
const milliseconds = (description: string) =>
  v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(3_600_000), v.description(description)))
const portNumber = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535))

/** A command: its words, or one text that is split at blanks as a shell splits it, and run without one. */
const command = v.union([v.pipe(v.string(), v.nonEmpty()), v.pipe(v.array(v.string()), v.minLength(1))])
const environment = v.record(v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, 'the name of an environment variable')), v.string())

const restartPolicies = ['no', 'on-failure', 'always'] as const

/** How a service shows that it is ready; the first of these that is given counts. */
export const readySchema = v.strictObject({
  port: v.exactOptional(v.pipe(portNumber, v.description('Ready when this port takes connections, on 127.0.0.1 or ::1'))),
  http: v.exactOptional(
    v.pipe(
      v.string(),
      v.regex(/^https?:\/\//, 'an http:// or https:// URL'),
      v.description('Ready when a GET of this URL answers with a status below 400'),
    ),
  ),
  websocket: v.exactOptional(
    v.pipe(v.string(), v.regex(/^wss?:\/\//, 'a ws:// or wss:// URL'), v.description('Ready when a handshake at this URL succeeds')),
  ),
  log: text('Ready when a line of its output fits this regular expression'),
  command: v.exactOptional(v.pipe(command, v.description('Ready when this command ends with 0'))),
  timeout: milliseconds('How long it may take to be ready, in milliseconds; default 60000'),
})

/** One more process. */
export const serviceSchema = v.strictObject({
  command: v.pipe(command, v.description('What to run: words, or one text; no shell is in between')),
  cwd: text('Its working folder; default: the folder of the project'),
  env: v.exactOptional(v.pipe(environment, v.description('Environment variables, added to those that the launcher has'))),
  ready: v.exactOptional(v.pipe(readySchema, v.description('How it shows that it is ready; default: it runs'))),
  dependsOn: v.exactOptional(
    v.pipe(v.array(v.pipe(v.string(), v.nonEmpty())), v.description('Services that must be ready before it starts; backend is one')),
  ),
  restart: v.exactOptional(v.pipe(v.picklist(restartPolicies), v.description('When it is started again; default on-failure'))),
  stopTimeout: milliseconds('How long it may take to end before it is killed, in milliseconds; default 5000'),
})

/** The dev server of the page. */
export const frontendSchema = v.strictObject({
  folder: text('Folder of its package.json; default: frontend, or where a package.json has a dev script'),
  script: text('Script that starts the dev server; default dev, then start, then serve'),
  command: v.exactOptional(v.pipe(command, v.description('What to run instead of the script'))),
  port: v.exactOptional(v.pipe(portNumber, v.description('Port of the dev server; default: what its configuration says'))),
  env: v.exactOptional(
    v.pipe(
      environment,
      v.description('Variables that it gets; {http}, {ws}, {websocket}, {host} and {port} are replaced by the backend’s address'),
    ),
  ),
})

export const servicesSchema = v.record(
  v.pipe(v.string(), v.regex(/^[A-Za-z][\w.-]*$/, 'a name of letters, digits, - _ and .')),
  serviceSchema,
)

export const environmentSchema = environment

export type FrontendConfig = v.InferOutput<typeof frontendSchema>
export type ServiceConfig = v.InferOutput<typeof serviceSchema>
export type ReadyConfig = v.InferOutput<typeof readySchema>
export type RestartPolicy = (typeof restartPolicies)[number]
