/** The one explicit list of the servers, each under its name. */
export { daphne } from './daphne.ts'
export { gunicorn } from './gunicorn.ts'
export { hypercorn } from './hypercorn.ts'
export { runserver } from './runserver.ts'
export { uvicorn } from './uvicorn.ts'
