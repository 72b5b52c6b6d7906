import { expect, test } from 'vitest'
import { readScript, type JudgedCommand, type ScriptKind } from '../../src/facts/old-scripts.ts'
import { oldScripts } from '../support/old-scripts.ts'

/** What is of use of a command, as one line: `4 backend (backend/venv) X=1 daphne …`. */
function line({ place, cwd, venv, env, argv }: JudgedCommand): string {
  const parts = [
    String(place.line),
    cwd ?? '?',
    ...(venv === undefined ? [] : [`(${venv})`]),
    ...env.map(({ name, value }) => `${name}=${value}`),
  ]
  return [...parts, ...argv].join(' ')
}

/** The commands that have a part in a start. */
function read(kind: ScriptKind, text: string, file = 'start'): string[] {
  return readScript(file, kind, text)
    .commands.filter(({ role }) => role.kind !== 'other')
    .map((command) => line(command))
}

const daphne = 'daphne -b 0.0.0.0 -p 8000 core.asgi:application'

test.each<[string, ScriptKind, string[]]>([
  ['start-services.ps1', 'powershell', [`19 backend (backend/venv) DJANGO_LOG_LEVEL=DEBUG ${daphne}`, '24 frontend yarn dev']],
  ['start-services.bat', 'batch', [`5 backend (backend/venv) ${daphne}`, '7 frontend yarn dev']],
  ['start.ps1', 'powershell', [`4 backend (backend/venv) ${daphne}`, '6 frontend (backend/venv) npm run dev']],
  ['backend/start-server.ps1', 'powershell', [`3 backend (backend/venv) ${daphne}`]],
  ['stop-services.ps1', 'powershell', ['2 . Stop-Process -Force', '3 . Stop-Process -Force']],
])('%s as the project has it', (file, kind, commands) => {
  const text = new TextDecoder().decode(new TextEncoder().encode(oldScripts[file] ?? ''))
  expect(read(kind, text, file)).toEqual(commands)
})

test.each<[string, string[]]>([
  ['daphne -p 8001 core.asgi:application', ['1 . daphne -p 8001 core.asgi:application']],
  [
    '# daphne -p 1 a.asgi:application\n<# daphne -p 2\n a.asgi:application #>\ndaphne a.asgi:application # -p 3',
    ['4 . daphne a.asgi:application'],
  ],
  [
    "$host_ = '0.0.0.0'\n$port = 8005\ndaphne -b $host_ -p $port core.asgi:application",
    ['3 . daphne -b 0.0.0.0 -p 8005 core.asgi:application'],
  ],
  [
    'param(\n  [int]$Port = 8010,\n  [string]$App = "a.asgi:application"\n)\ndaphne -p $Port $App',
    ['5 . daphne -p 8010 a.asgi:application'],
  ],
  ['daphne `\r\n  -b 0.0.0.0 `\r\n  -p 8001 `\r\n  a.asgi:application', ['1 . daphne -b 0.0.0.0 -p 8001 a.asgi:application']],
  [
    '$env:A = "1"; $env:B=\'two words\'\nSet-Location -Path backend; python -m daphne a.asgi:application',
    ['2 backend A=1 B=two words python -m daphne a.asgi:application'],
  ],
  ['Push-Location backend\ndaphne a.asgi:application\nPop-Location\nyarn dev', ['2 backend daphne a.asgi:application', '4 . yarn dev']],
  [
    '& "$PSScriptRoot\\backend\\venv\\Scripts\\python.exe" -m daphne a.asgi:application',
    ['1 . (backend/venv) backend/venv/Scripts/python.exe -m daphne a.asgi:application'],
  ],
  [
    'Start-Process -FilePath python -WorkingDirectory backend -ArgumentList @("manage.py", "runserver", "0.0.0.0:8000")',
    ['1 backend python manage.py runserver 0.0.0.0:8000'],
  ],
  [
    'Start-Process python "manage.py runserver" -WorkingDirectory (Join-Path $PSScriptRoot "backend")',
    ['1 backend python manage.py runserver'],
  ],
  [
    "Start-Process cmd -ArgumentList '/k', 'cd backend && venv\\Scripts\\activate && daphne a.asgi:application'",
    ['1 backend (backend/venv) daphne a.asgi:application'],
  ],
  ['Start-Process cmd -ArgumentList "/k cd frontend && npm run dev"', ['1 frontend npm run dev']],
  ['$args_ = @("-NoExit", "-Command", "cd frontend; npm start")\nStart-Process powershell -ArgumentList $args_', ['1 frontend npm start']],
  ['Start-Process powershell -ArgumentList "-NoExit",\n  "-Command",\n  "cd frontend; npm start"', ['3 frontend npm start']],
  ['Start-Process powershell -ArgumentList ("-NoExit", "-Command", "cd \'$PSScriptRoot/frontend\'; npm start")', ['1 frontend npm start']],
  ['Start-Process pwsh "-NoExit -Command `"cd frontend; npm start`""', ['1 frontend npm start']],
  ['powershell -Command "& { cd frontend; yarn dev }"', ['1 frontend yarn dev']],
  [
    'Start-Job -ScriptBlock { Set-Location backend; daphne a.asgi:application }\nnpm run dev',
    ['1 backend daphne a.asgi:application', '2 . npm run dev'],
  ],
  ['function Start-Backend {\n  daphne a.asgi:application\n}\nStart-Backend', ['2 . daphne a.asgi:application']],
  ['Invoke-Expression "daphne -p 8002 a.asgi:application"', ['1 . daphne -p 8002 a.asgi:application']],
  [
    "$here = @'\ncd backend; $notMine\ndaphne a.asgi:application\n'@\nStart-Process powershell -ArgumentList '-Command', $here",
    ['3 backend daphne a.asgi:application'],
  ],
  ['Write-Host "daphne a.asgi:application"; Write-Output \'yarn dev\'', []],
  ['wt -w 0 nt -d backend powershell -NoExit -Command "daphne a.asgi:application"', ['1 backend daphne a.asgi:application']],
  ['cd C:\\work\\backend\ndaphne a.asgi:application', ['2 ? daphne a.asgi:application']],
  ['cd ..\\other\ndaphne a.asgi:application', ['2 ? daphne a.asgi:application']],
  ['python manage.py runserver 2>&1 | Tee-Object log.txt', ['1 . python manage.py runserver']],
  ['"unclosed daphne a.asgi:application', []],
  ['taskkill /F /IM python.exe /T', ['1 . taskkill /F /IM python.exe /T']],
])('PowerShell %#: %s', (text, commands) => {
  expect(read('powershell', text)).toEqual(commands)
})

test.each<[string, string[]]>([
  [
    'start "x" cmd /k "cd backend && venv\\Scripts\\activate && daphne -b 0.0.0.0 -p 8000 core.asgi:application"',
    [`1 backend (backend/venv) ${daphne}`],
  ],
  ['start "a && b" /D backend /MIN cmd /c daphne a.asgi:application', ['1 backend daphne a.asgi:application']],
  [
    'start cmd.exe /k "cd frontend & npm run dev"\ncd backend\ndaphne a.asgi:application',
    ['1 frontend npm run dev', '3 backend daphne a.asgi:application'],
  ],
  ['start "" /D "%~dp0front end" npm start', ['1 front end npm start']],
  [
    ':: daphne a.asgi:application\nrem daphne b.asgi:application\n@REM daphne\ndaphne c.asgi:application & rem daphne d',
    ['4 . daphne c.asgi:application'],
  ],
  [
    'set PORT=8003\nset "HOST=0.0.0.0"\ndaphne -b %HOST% -p %PORT% a.asgi:application',
    ['3 . PORT=8003 HOST=0.0.0.0 daphne -b 0.0.0.0 -p 8003 a.asgi:application'],
  ],
  ['setlocal enabledelayedexpansion\nset P=1\ndaphne -p 800!P! a.asgi:application', ['3 . P=1 daphne -p 8001 a.asgi:application']],
  ['daphne ^\r\n -p 8004 ^\r\n a.asgi:application', ['1 . daphne -p 8004 a.asgi:application']],
  ['if not exist venv\\ (\n  echo daphne a.asgi:application\n) else (\n  daphne b.asgi:application\n)', ['4 . daphne b.asgi:application']],
  [
    'if exist backend\\venv call backend\\venv\\Scripts\\activate.bat\npython -m daphne a.asgi:application',
    ['2 . (backend/venv) python -m daphne a.asgi:application'],
  ],
  [
    'pushd backend\npython manage.py runserver 0.0.0.0:8000\npopd\nyarn dev',
    ['2 backend python manage.py runserver 0.0.0.0:8000', '4 . yarn dev'],
  ],
  ['powershell -NoExit -Command "cd backend; daphne a.asgi:application"', ['1 backend daphne a.asgi:application']],
  ['echo daphne a.asgi:application ^& yarn dev', []],
  ['taskkill /IM node.exe /F >nul 2>&1 & daphne a.asgi:application', ['1 . taskkill /IM node.exe /F', '1 . daphne a.asgi:application']],
])('batch %#: %s', (text, commands) => {
  expect(read('batch', text)).toEqual(commands)
})

test.each<[string, string[]]>([
  ['cd backend && source venv/bin/activate && daphne a.asgi:application', ['1 backend (backend/venv) daphne a.asgi:application']],
  [
    '(cd backend && daphne a.asgi:application) & (cd frontend && npm run dev)',
    ['1 backend daphne a.asgi:application', '1 frontend npm run dev'],
  ],
  [
    'PORT=8006\nexport DEBUG=1 X="a b"\ndaphne -p ${PORT:-9} -b ${HOST:-0.0.0.0} a.asgi:application',
    ['3 . DEBUG=1 X=a b daphne -p 8006 -b 0.0.0.0 a.asgi:application'],
  ],
  ['A=1 B=2 daphne a.asgi:application; yarn dev', ['1 . A=1 B=2 daphne a.asgi:application', '1 . yarn dev']],
  ['exec env C=3 nohup daphne a.asgi:application > log 2>&1 &', ['1 . C=3 daphne a.asgi:application']],
  ['# daphne a\necho "daphne; yarn dev" # x\ndaphne \\\n  a.asgi:application', ['3 . daphne a.asgi:application']],
  ["bash -c 'cd backend && daphne a.asgi:application'", ['1 backend daphne a.asgi:application']],
  ['if [ -d venv ]; then\n . venv/bin/activate\nfi\nuv run daphne a.asgi:application', ['4 . (venv) daphne a.asgi:application']],
  [
    'concurrently -k "cd backend && daphne a.asgi:application" \'npm --prefix frontend run dev\'',
    ['1 backend daphne a.asgi:application', '1 . npm --prefix frontend run dev'],
  ],
  ['pkill -f runserver; celery -A core worker -l info', ['1 . pkill -f runserver', '1 . celery -A core worker -l info']],
  ["'unclosed daphne a.asgi:application", []],
])('sh %#: %s', (text, commands) => {
  expect(read('shell', text)).toEqual(commands)
})
