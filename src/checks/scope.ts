import type { Lack } from '../facts/observed.ts'
import { routeAt } from '../facts/routes.ts'
import { diagnosis, type Diagnosis, type Seen } from './diagnosis.ts'
import { wrappers } from '../plan/scope-middleware.ts'
import { lackOf, type Evidence } from './evidence.ts'

/** An exception for want of something in the scope: what would have put it there isn't around the consumer, or the route calls it otherwise. Pure. */
export function scopeBehind(evidence: Evidence, found: Diagnosis): Diagnosis {
  const lacks = lackOf(evidence)
  const [first, ...rest] = found.evidence
  if (found.id !== 'consumer-exception' || lacks === undefined || first === undefined) return found
  const seen: Seen = [first, ...rest]
  return lacks.has === undefined ? middlewareMissing(evidence, lacks.name, seen) : parameterMissing(evidence, lacks, lacks.has, seen)
}

function middlewareMissing({ examination, checkout }: Evidence, name: string, seen: Seen): Diagnosis {
  const application = examination?.get('application')
  const around = application?.middleware ?? []
  const module = checkout?.project.application?.split(':')[0] ?? 'the ASGI module'
  const reads = `The consumer reads scope["${name}"], but nothing sets it`
  const stands = application === undefined ? [] : [`Around the routes: ${around.length === 0 ? 'nothing' : around.join(', ')}`]
  const wrapper = wrappers[name]
  if (wrapper === undefined)
    return diagnosis(
      'middleware-missing',
      `${reads}: no URLRouter leads to it`,
      [...seen, ...stands],
      `In ${module}: "websocket": URLRouter([path("…", Consumer.as_asgi())]). Its parameters are in scope["url_route"]["kwargs"].`,
    )
  const { call, kind, module: from } = wrapper
  // one of the project's own may leave it out for whom it doesn't know
  const others = around.filter((each) => !/^(?:Origin|AllowedHostsOrigin)Validator$|^(?:Cookie|Session)Middleware$/.test(each))
  const own = others.length === 0 ? '' : ` Or let ${others.join(' or ')} set it, even for unknown users.`
  return diagnosis(
    'middleware-missing',
    `${reads}: there is no ${kind} around it`,
    [...seen, ...stands],
    `In ${module}: "websocket": ${call}(URLRouter(…)), with: from ${from} import ${call}.${own}`,
  )
}

function parameterMissing({ examination, wire }: Evidence, { name }: Lack, has: readonly string[], seen: Seen): Diagnosis {
  const { path } = wire.endpoint
  const route = routeAt(examination?.get('application')?.routes, path)
  const written = route === undefined ? 'Its route' : `The route ${route.route}`
  const [only, another] = has
  return diagnosis(
    'route-parameter-missing',
    `The consumer reads the parameter ${name} of its route, which has ${has.length === 0 ? 'none' : has.join(', ')}`,
    [...seen, `${written} has ${has.length === 0 ? 'no parameter' : `the parameter${another === undefined ? '' : 's'} ${has.join(', ')}`}`],
    only === undefined
      ? `Give the route the parameter: <str:${name}>.`
      : `Use one name in both: ["kwargs"]["${another === undefined ? only : '…'}"] in the consumer, or ${name} in the route.`,
  )
}
