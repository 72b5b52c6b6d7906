import type { DevTool } from './dev-tool.ts'

export const angular = {
  name: 'ng',
  title: 'Angular',
  // https://angular.dev/cli/serve
  serving: /^(?:serve|s)$/,
  launch: { preference: 7, package: '@angular/cli', port: 4200, portFlags: ['--port'], opens: ['--open', '-o'] },
} as const satisfies DevTool
