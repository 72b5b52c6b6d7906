import type { PageJob } from '../facts/page-seen.ts'

/** What keeps a browser from contacting anybody by itself, and from asking anything (https://github.com/GoogleChrome/chrome-launcher/blob/main/docs/chrome-flags-for-tools.md). */
const quiet = [
  '--no-first-run',
  '--no-default-browser-check',
  '--no-startup-window',
  '--no-pings',
  '--no-proxy-server',
  '--disable-background-networking',
  '--disable-breakpad',
  '--disable-client-side-phishing-detection',
  '--disable-component-extensions-with-background-pages',
  '--disable-component-update',
  '--disable-crash-reporter',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-extensions',
  '--disable-sync',
  '--metrics-recording-only',
  '--disable-features=AutofillServerCommunication,CertificateTransparencyComponentUpdater,DialMediaRouteProvider,MediaRouter,OptimizationHints,Translate',
  '--deny-permission-prompts',
  '--mute-audio',
  '--password-store=basic',
  '--use-mock-keychain',
]

/** What a headless browser needs where there is no display and little shared memory. */
const headless = [
  '--headless=new',
  '--hide-scrollbars',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--force-color-profile=srgb',
  '--window-size=1280,800',
]

/**
 * The arguments of the browser that looks at a page. No secret is among them:
 * cookies and tokens go through the pipe. Names and addresses besides the page's
 * own, loopback and `hosts` resolve to nothing. Pure.
 */
export function browserArguments({ url, hosts, asRoot }: Pick<PageJob, 'url' | 'hosts' | 'asRoot'>, profile: string): string[] {
  // an address of IPv6 is matched without its brackets
  const own = ['localhost', '*.localhost', '127.0.0.1', '::1', new URL(url).hostname.replace(/^\[|\]$/g, ''), ...hosts]
  return [
    ...headless,
    ...quiet,
    `--host-resolver-rules=${['MAP * ~NOTFOUND', ...new Set(own.map((host) => `EXCLUDE ${host}`))].join(', ')}`,
    // a dev server's certificate is its own; of what is looked at nothing is believed for it
    '--ignore-certificate-errors',
    '--remote-debugging-pipe',
    `--user-data-dir=${profile}`,
    ...(asRoot ? ['--no-sandbox'] : []),
  ]
}
