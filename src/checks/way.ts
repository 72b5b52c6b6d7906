import { diagnosis, type Diagnosis } from './diagnosis.ts'
import { inFile } from '../facts/dotenv-survey.ts'
import type { Evidence } from './evidence.ts'
import { raisedText, wantedVariable } from '../facts/examination.ts'
import { raisedLine } from './settings.ts'

/**
 * What is to blame where the project can be come to by another way than the ASGI
 * module alone: nothing of the project, but what that module lacks. `stops`: what
 * the failed import looks like without this knowledge. Pure.
 */
export function judgeWay(evidence: Evidence, stops: readonly Diagnosis[]): readonly Diagnosis[] {
  const { checkout, examination, otherwise } = evidence
  const error = examination?.errorOf('settings') ?? examination?.errorOf('application')
  if (otherwise === undefined || checkout === undefined || error === undefined) return stops
  const { application, settingsModule } = checkout.project
  const module = `${(application?.split(':')[0] ?? '').replaceAll('.', '/')}.py`
  const seen = [
    `Importing ${module} alone: ${raisedLine(error)}`,
    otherwise === 'runserver'
      ? 'manage.py runserver sets Django up first, and imports it'
      : 'After what manage.py does first, it can be imported',
  ] as const
  // it is served all the same
  const commands = [['election-dev', 'start']]
  if (/settings are not configured/.test(error.message))
    return [
      diagnosis(
        'apps-not-ready',
        `${module} needs the settings before it names them`,
        seen,
        `Name them at its top, before all other imports: os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${settingsModule}"); import models and routing after get_asgi_application().`,
        commands,
      ),
    ]
  const known = stops.find(({ id }) => id === 'apps-not-ready' || id === 'wrong-settings-module')
  const [found = seen[0], ...more] = known?.evidence ?? []
  if (known !== undefined) return [diagnosis(known.id, known.title, [found, ...more, seen[1]], known.remedy.text, commands)]
  const wanted = wantedVariable(raisedText(error))
  const place = wanted === undefined ? undefined : inFile(evidence, wanted)?.shown
  return place === undefined
    ? [
        diagnosis(
          'asgi-import-error',
          `${module} can't be imported alone: manage.py does more first`,
          seen,
          `At the top of ${module}, do what manage.py does before it calls Django.`,
          commands,
        ),
      ]
    : [
        diagnosis(
          'env-not-loaded',
          `${module} doesn't load the .env that has ${wanted ?? ''}: manage.py does`,
          [...seen, `${place} has it`],
          `Load it at the top of ${module} as manage.py does.`,
          // there is nothing to be put elsewhere
          commands,
          'no',
        ),
      ]
}
