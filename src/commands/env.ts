import { flagsOf } from '../config/flags.ts'
import type { OptionsOf } from '../config/options/call.ts'
import { projectHost } from '../config/config.ts'
import { resolveConfig } from '../config/resolve.ts'
import { ExitCode, LauncherError } from '../errors.ts'
import { readCheckout } from '../facts/checkout.ts'
import { shown } from '../facts/project.ts'
import { redisNow, redisProtocol } from '../facts/redis-now.ts'
import { nodeHost } from '../host/node-host.ts'
import { decideLayerOf } from '../plan/channel-layer.ts'
import { choosePython } from '../plan/environment.ts'
import { renderDotenvDiff } from '../report/diff.ts'
import { styleFor } from '../report/style.ts'
import { layerEdit, writeLayerChoice } from '../run/layer-choice.ts'

/**
 * `election-dev env`: what the choice of the channel layer would change in
 * `.env`, as a diff; `--write` changes it. Gives 0, or 1 where Redis is
 * asked for and can't be used.
 */
export async function envCommand(options: OptionsOf<'env'>): Promise<number> {
  const machine = nodeHost({ cwd: options.cwd })
  const config = await resolveConfig(machine, flagsOf(options))
  const host = projectHost(machine, config)
  const checkout = await readCheckout(host, config)
  const { project, dotenv, layerVariable } = checkout
  if (dotenv.kind === 'unreadable') {
    throw new LauncherError(
      dotenv.code === 'env-encoding' ? 'env-encoding' : 'dotenv-unreadable',
      `${shown(project, dotenv.path)} can't be read: ${dotenv.reason}`,
      { hint: 'Save it as plain UTF-8.' },
    )
  }
  const choice = choosePython(checkout.python, checkout.requirements?.names)
  const redis = await redisNow(checkout.redis, redisProtocol(choice.environment?.packages))
  const decision = decideLayerOf(config, checkout, redis, 1)
  const planned = decision.write === undefined || decision.error !== undefined ? undefined : layerEdit(checkout, decision.write)
  if (planned?.edit.kind === 'refused')
    throw new LauncherError('dotenv-refused', `${shown(project, dotenv.path)} is left alone: ${planned.edit.reason}`)
  const after = planned?.edit.kind === 'changed' ? planned.edit.text : undefined
  const diff = after === undefined ? [] : renderDotenvDiff(shown(project, dotenv.path), planned?.before, after)
  const written =
    options.write === true && decision.write !== undefined && after !== undefined ? await writeLayerChoice(checkout, decision.write) : false
  const status = decision.error === undefined ? ExitCode.ok : ExitCode.finding

  const redisText =
    redis.malformed !== undefined
      ? redis.malformed.evidence.join('; ')
      : redis.fact?.usable === true
        ? `usable${redis.fact.version === undefined ? '' : `, ${redis.fact.version}`}`
        : (redis.fact?.evidence[0] ?? 'unknown')
  if (config.json) {
    host.terminal.json({
      schemaVersion: 1,
      command: 'env',
      ok: status === ExitCode.ok,
      file: shown(project, dotenv.path),
      variable: layerVariable ?? null,
      layer: decision.layer,
      why: decision.why,
      redis: {
        where: redis.where,
        usable: redis.fact?.usable === true,
        id: redis.fact?.usable === false ? redis.fact.id : null,
        version: redis.fact?.version ?? null,
      },
      change: decision.write ?? null,
      diff,
      written,
      warning: decision.warning ?? null,
      error: decision.error ?? null,
    })
    return status
  }
  const style = styleFor(host)
  const { out } = host.terminal
  out('')
  out(
    `  ${style.bold('Channels')}   ${decision.layer === 'settings' ? 'as the settings say' : decision.layer === 'memory' ? 'in memory' : 'Redis'}   ${style.dim(decision.why)}`,
  )
  out(`  ${style.bold('Redis')}      ${redis.where}   ${redisText}`)
  if (decision.warning !== undefined) out(`  ${style.yellow('!')} ${decision.warning.text}   ${style.dim(decision.warning.id)}`)
  if (decision.error !== undefined) out(`  ${style.red('✖')} ${decision.error.text}   ${style.dim(decision.error.id)}`)
  out('')
  for (const line of diff) out(`  ${line.startsWith('+') ? style.green(line) : line.startsWith('-') ? style.red(line) : line}`)
  if (diff.length === 0) out(`  ${shown(project, dotenv.path)}: nothing to change`)
  else out(written ? `\n  Written to ${shown(project, dotenv.path)}` : '\n  Nothing is written yet: --write does it')
  out('')
  return status
}
