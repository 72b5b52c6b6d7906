import * as v from 'valibot'

/** A key that may be absent. */
export const optional = <Schema extends v.GenericSchema>(schema: Schema, description: string) =>
  v.exactOptional(v.pipe(schema, v.description(description)))
export const filled = v.pipe(v.string(), v.nonEmpty())
export const whole = (least: number, most: number) => {
  const allowed = `a whole number from ${least} to ${most}`
  return v.pipe(v.number(), v.integer(allowed), v.minValue(least, allowed), v.maxValue(most, allowed))
}
export const portNumber = whole(1, 65535)
export const text = (description: string) => optional(filled, description)
export const names = (description: string) => optional(v.array(filled), description)
const milliseconds = (description: string) => optional(whole(1, 3_600_000), description)

/** A command: its words, or one text that is split at blanks as a shell splits it, and run without one. */
const command = v.union([filled, v.pipe(v.array(v.string()), v.minLength(1))])
const environment = v.record(v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, 'the name of an environment variable')), v.string())

const restartPolicies = ['no', 'on-failure', 'always'] as const

/** How a service shows that it is ready; the first of these that is given counts. */
export const readySchema = v.strictObject({
  port: optional(portNumber, 'Ready when this port takes connections, on 127.0.0.1 or ::1'),
  http: optional(
    v.pipe(v.string(), v.regex(/^https?:\/\//, 'an http:// or https:// URL')),
    'Ready when a GET of this URL answers with a status below 400',
  ),
  websocket: optional(v.pipe(v.string(), v.regex(/^wss?:\/\//, 'a ws:// or wss:// URL')), 'Ready when a handshake at this URL succeeds'),
  log: text('Ready when a line of its output fits this regular expression'),
  command: optional(command, 'Ready when this command ends with 0'),
  timeout: milliseconds('How long it may take to be ready, in milliseconds; default 60000'),
})

/** One more process. */
export const serviceSchema = v.strictObject({
  command: v.pipe(command, v.description('What to run: words, or one text; no shell is in between')),
  cwd: text('Its working folder; default: the folder of the project'),
  env: optional(environment, 'Environment variables, added to those that the launcher has'),
  ready: optional(readySchema, 'How it shows that it is ready; default: it runs'),
  dependsOn: names('Services that must be ready before it starts; backend is one'),
  restart: optional(v.picklist(restartPolicies), 'When it is started again; default on-failure'),
  stopTimeout: milliseconds('How long it may take to end before it is killed, in milliseconds; default 5000'),
})

/** The dev server of the page. */
export const frontendSchema = v.strictObject({
  folder: text('Folder of its package.json; default: frontend, or where a package.json has a dev script'),
  script: text('Script that starts the dev server; default dev, then start, then serve'),
  command: optional(command, 'What to run instead of the script'),
  port: optional(portNumber, 'Port of the dev server; default: what its configuration says'),
  env: optional(environment, 'Variables that it gets; {http}, {ws}, {websocket}, {host} and {port} are replaced by the backend’s address'),
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
