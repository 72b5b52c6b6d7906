/** The five scripts that such a project was started and stopped with, as people write them. */

const startServicesPs1 = `# Start Election Services
# Backend used to be: python manage.py runserver 0.0.0.0:8000
$ErrorActionPreference = "Stop"
$rootDir = Split-Path -Parent $MyInvocation.MyCommand.Path
$backendDir = Join-Path $rootDir "backend"
$frontendDir = Join-Path $rootDir "frontend"

Write-Host "Starting backend: daphne -b 127.0.0.1 -p 9999 core.asgi:application" -ForegroundColor Green

if (-not (Test-Path "$backendDir\\venv")) {
    Write-Host "No venv! Run: python -m venv venv" -ForegroundColor Red
    exit 1
}

$backendCommand = @"
cd '$backendDir'
.\\venv\\Scripts\\activate
\`$env:DJANGO_LOG_LEVEL = "DEBUG"
daphne -b 0.0.0.0 -p 8000 core.asgi:application
"@
Start-Process powershell -ArgumentList "-NoExit", "-Command", $backendCommand

Start-Sleep -Seconds 3
Start-Process powershell -ArgumentList "-NoExit", "-Command", "cd '$frontendDir'; yarn dev"
`

const startServicesBat = `@echo off
REM Start Election Services - daphne -p 7777 core.asgi:application
title Election
echo Starting backend with daphne -b 1.2.3.4 -p 9999...
start "Election Backend" cmd /k "cd /d "%~dp0backend" && call venv\\Scripts\\activate && daphne -b 0.0.0.0 -p 8000 core.asgi:application"
timeout /t 3 /nobreak >nul
start "Election Frontend" cmd /k "cd /d %~dp0frontend && yarn dev"
pause
`

const startPs1 = `# quick start
Set-Location $PSScriptRoot\\backend
& .\\venv\\Scripts\\Activate.ps1
Start-Process -FilePath "daphne" -ArgumentList "-b 0.0.0.0 -p 8000 core.asgi:application" -NoNewWindow
Set-Location ..\\frontend
npm run dev
`

const startServerPs1 = `# backend\\start-server.ps1
.\\venv\\Scripts\\activate
daphne -b 0.0.0.0 -p 8000 core.asgi:application
`

const stopServicesPs1 = `Write-Host "Stopping services..."
Get-Process python -ErrorAction SilentlyContinue | Stop-Process -Force
Get-Process node -ErrorAction SilentlyContinue | Stop-Process -Force
`

const crlf = (text: string): string => text.replaceAll('\n', '\r\n')

/** All five, by where they lie; Windows' line ends, as they were saved there. */
export const oldScripts: Readonly<Record<string, string>> = {
  'start-services.ps1': `\u{feff}${crlf(startServicesPs1)}`,
  'start-services.bat': crlf(startServicesBat),
  'start.ps1': crlf(startPs1),
  'backend/start-server.ps1': crlf(startServerPs1),
  'stop-services.ps1': crlf(stopServicesPs1),
}
