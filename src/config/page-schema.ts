import * as v from 'valibot'
import { filled, names, optional, text } from './stack-schema.ts'

const texts = (description: string) => optional(v.record(filled, v.string()), description)
const path = (description: string) => optional(v.pipe(v.string(), v.regex(/^\/(?!\/)/, 'a path that begins with one /')), description)

/** The form that is filled in before a page opens its WebSocket. */
const pageLogin = v.strictObject({
  path: path('Path of the page with the form; default: the page itself'),
  fields: v.pipe(
    v.record(filled, v.string()),
    v.description('Values by the CSS selectors of their fields; {password} is ELECTION_DEV_PASSWORD'),
  ),
  submit: text('CSS selector of what is clicked; default: the form is sent'),
})

/** What changes the data behind the page, in one of two windows. */
const pageChange = v.strictObject({
  click: text('CSS selector of what is clicked'),
  send: optional(v.record(v.string(), v.unknown()), 'What is sent over the page’s own WebSocket'),
  request: optional(
    v.strictObject({
      method: optional(v.picklist(['POST', 'PUT', 'PATCH', 'DELETE']), 'Its method; default POST'),
      path: v.pipe(v.string(), v.regex(/^\/(?!\/)/, 'a path that begins with one /'), v.description('Its path, at the page’s own origin')),
      body: optional(v.record(v.string(), v.unknown()), 'Its body, as JSON'),
    }),
    'A request that the page makes',
  ),
  expect: text('A part of the message that arrives in the other window; by default it may be any, where none comes without a change'),
})

/** How the page is looked at in a browser. */
export const pageSchema = v.strictObject({
  url: text('Path or URL of the page that opens the WebSocket; default: the first page of the frontend'),
  hosts: names('Hosts that the page may contact besides its own and loopback, such as a CDN'),
  cookies: texts('Cookies that the page gets; {token} is the token of the proof'),
  storage: texts('Entries of localStorage that the page gets; {token} is the token of the proof'),
  login: optional(pageLogin, 'A form that is filled in first'),
  expect: text('CSS selector of what has to be on the page once its WebSocket is open'),
  change: optional(pageChange, 'What verify --browser --two does in one window, to see it arrive in the other'),
})

export type PageConfig = v.InferOutput<typeof pageSchema>
export { pageLogin as pageLoginSchema, pageChange as pageChangeSchema }
