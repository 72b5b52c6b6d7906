import { commonNotes, serverWords, type Deployable, type ExportPlan, type ExportRequest } from './export.ts'

/** A Procfile: the server on the platform's port, migrations before each release, Celery's worker where there is one. Pure. */
export function planProcfile(facts: Deployable, { command }: Pick<ExportRequest, 'command'>): ExportPlan {
  const within = facts.backend === '.' ? '' : `cd ${shellWord(facts.backend)} && `
  const line = (name: string, text: string) => `${name}: ${within}${text}\n`
  const lines = [
    line('web', `exec ${serverWords(facts, '$PORT').map(shellWord).join(' ')}`),
    line('release', 'python manage.py migrate --no-input'),
    ...(facts.celery === undefined ? [] : [line('worker', `exec celery -A ${facts.celery} worker --loglevel info`)]),
  ]
  const set = new Set<string>()
  const { layer } = facts
  const notes = commonNotes(facts, set).filter(({ id }) => id !== 'variables-open' && id !== 'path-unknown')
  if (layer.kind === 'switch')
    notes.push({
      id: 'layer-variable',
      text: `More than one web process needs ${layer.variable}=True and a Redis, in the platform's variables`,
    })
  return {
    files: [{ path: 'Procfile', text: `# Written by: ${command}\n${lines.join('')}` }],
    secrets: [],
    notes,
    next: ['election-dev start'],
  }
}

/** A word as sh takes it; variables are left to it. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./$-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
