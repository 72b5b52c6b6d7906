import type { DevTool } from './dev-tool.ts'

export const vueCli = {
  name: 'vue-cli-service',
  title: 'Vue CLI',
  // https://cli.vuejs.org/guide/cli-service.html
  serving: /^serve$/,
  launch: { preference: 4, package: '@vue/cli-service', port: 8080, portFlags: ['--port'], portVariable: 'PORT', opens: ['--open', '-o'] },
  config: { name: 'vue.config', section: 'devServer' },
  question: () => import('./vue-cli-question.ts'),
  prefixes: ['VUE_APP_'],
  root: 'app',
} as const satisfies DevTool
