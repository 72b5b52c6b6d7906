import type { IdsOfFamily } from '../vocabulary.ts'
import { withCode, type Page } from './page.ts'

/** The token in the URL, and what the application makes of it. */
export const tokenPages: Readonly<Record<IdsOfFamily<'token'>, Page>> = {
  'token-missing': {
    what: 'The page opens the WebSocket without a token, and the application wants one. It refuses before the socket is open: the browser says 1006, and the reason that the application had is lost.',
    tells: [
      'The upgrade is 403 and the URL has no `token=` (or `token=undefined`, `token=null` or an empty one).',
      'A made-up path with the same Origin gives 500: the Origin is accepted, so it is not `origin-rejected`.',
      'The log of the application may say so, as in `refused: no token`.',
    ],
    mend: [
      'Log in first, and open the socket only when the token is there.',
      withCode('Send it in the query:', 'new WebSocket(`${base}/ws/election-updates/?token=${encodeURIComponent(token)}`)'),
      'In React, let the effect that opens the socket depend on the token, so that it runs again after the login.',
      'To try it from here, put one into ELECTION_DEV_TOKEN.',
    ],
    commands: [['election-dev', 'verify']],
    background:
      "A close before accept always becomes HTTP 403, whatever code the consumer gave: there is no WebSocket yet that could carry a 4001. Browsers can't set headers on a WebSocket, so the token has to travel in the query, a cookie, a subprotocol or the first message.",
  },
  'token-rejected': {
    what: 'The token looks right and has not expired, and the application refuses it all the same: it was signed with another SECRET_KEY, or its user no longer exists or is inactive. The browser says 1006 although the user seems to be logged in.',
    tells: [
      'The upgrade is 403 with an Origin that is accepted (a made-up path gives 500), and the token decodes with an `exp` in the future.',
      "A fresh token, made with this backend's SECRET_KEY for an active user, gets 101.",
      'If tokens become bad with every restart, it is `secret-key-changes`; past its `exp` it is `token-expired`.',
    ],
    mend: [
      "Log out and in again on this backend: a token of another backend, an older database or a colleague's machine is worth nothing here.",
      'Clear what the page stored: localStorage, in the developer tools of the browser under Application or Storage.',
      'Look whether the user is there and active, and whether a refresh token is sent where an access token is wanted (`token_type` in its payload).',
      'If another library checks it than made it, algorithm and key have to be the same in both.',
    ],
    commands: [
      [
        'python',
        'manage.py',
        'shell',
        '-c',
        'from django.contrib.auth import get_user_model as m; print(list(m().objects.values("pk", "is_active")))',
      ],
    ],
    background:
      'A JSON Web Token is signed, not stored: the server only checks the signature, and SECRET_KEY is the key of it with simplejwt. From outside a bad signature and a deleted user look alike, since a good backend tells no stranger which it was.',
  },
  'token-expired': {
    what: 'The token was good and its time is over. Access tokens of simplejwt live five minutes unless the settings say otherwise; a page that was open for longer fails to reconnect, with 1006.',
    tells: [
      "The upgrade is 403, and `exp` in the token's payload lies in the past.",
      'REST calls with the same token get 401 and `token_not_valid`; a page that refreshes tokens for REST and not for the socket works everywhere else.',
      'If the clock of this machine is wrong, every token looks expired: compare with the `Date` header of any web server.',
    ],
    mend: [
      'Refresh the token before each connect, not only after a 401 of a REST call.',
      withCode('For development, longer tokens in the settings:', 'SIMPLE_JWT = {"ACCESS_TOKEN_LIFETIME": timedelta(hours=12)}'),
      'Old tokens keep the lifetime that they were made with: log in again after the change.',
    ],
    commands: [['election-dev', 'verify']],
    background:
      'The token is looked at when the socket opens. An open socket outlives its token unless the consumer checks again, so the fault shows at the first reconnect: after a restart of the backend, or when the laptop wakes.',
  },
  'token-malformed': {
    what: "What arrives as the token is not a bare JSON Web Token: it has `Bearer ` in front, quotes or spaces around it, is cut off, or is something else. The application can't read it and refuses; the browser says 1006.",
    tells: [
      'The upgrade is 403, and the value is not three parts with dots between, each base64url, the first two JSON inside.',
      'Quotes around it come from `JSON.stringify` before localStorage.setItem; `[object Object]` from putting the whole login answer there; `%22` is a quote in the URL.',
      'A plus sign that turned into a space means that it was not URL-encoded.',
    ],
    mend: [
      withCode(
        'Send the bare token:',
        'const token = data.access  // not data, not `Bearer ${data.access}`',
        '`?token=${encodeURIComponent(token)}`',
      ),
      'Throw away what is stored in the browser and log in again.',
    ],
    commands: [],
    background:
      "`Bearer` is the name of a scheme in the Authorization header. In a query there is no scheme, and most consumers hand the value to the library as it is. A session key or a token of DRF's authtoken is no JSON Web Token either; that is fine if the application expects it.",
  },
  'clock-skew': {
    what: "The token says that it becomes valid in the future, so the machine that made it and the one that checks it don't agree on the time. The socket is refused with 1006, and may work a few minutes later without any change.",
    tells: [
      "The upgrade is 403, and `nbf` or `iat` in the payload is ahead of this machine's clock.",
      'REST calls with the token fail as well, with `The token is not yet valid`.',
      'Virtual machines, WSL and containers lag after the host was asleep.',
    ],
    mend: [
      'Set the clock. Linux: `timedatectl set-ntp true`. Windows: `w32tm /resync`. WSL: `wsl --shutdown` and open it again.',
      withCode('To forgive some seconds, with simplejwt:', 'SIMPLE_JWT = {"LEEWAY": 30}'),
    ],
    commands: [['timedatectl', 'status']],
    background:
      'Tokens carry seconds since 1970 in UTC, so time zones play no part: a difference of whole hours comes from a clock that was set by hand to local time as if it were UTC.',
  },
  'secret-key-changes': {
    what: 'The settings make a new SECRET_KEY whenever they are loaded. Tokens and sessions are signed with it, so each restart of the backend, each reload too, voids all of them: users are logged in on the page, and their socket is refused with 1006.',
    tells: [
      'The upgrade is 403 for a token that was good before the restart.',
      'Two imports of the settings give two different keys: the code calls `get_random_secret_key()` or `secrets.token_…`, perhaps as the default of config().',
      'With several workers, each has a key of its own, and a token works now and then.',
    ],
    mend: [
      'Make one key (the command below prints one), and put it into backend/.env as SECRET_KEY.',
      withCode('Read it without a default, so that its absence is an error:', 'SECRET_KEY = config("SECRET_KEY")'),
      'Restart, and log in once more.',
    ],
    commands: [['python', '-c', 'from django.core.management.utils import get_random_secret_key; print(get_random_secret_key())']],
    background:
      'A signature proves that whoever made the token knew the key. With a new key nothing that was signed before can be checked. If the key has a `#` or quotes in .env, see that it is read whole.',
  },
  'close-after-accept': {
    what: 'The application opens the socket and closes it right away with a code of its own, to say why. The page shows a green dot for a moment, then red; the close event has the code.',
    tells: [
      'The handshake is 101, then a close frame with a code from 4000 to 4999 arrives within milliseconds, before any message of the application.',
      'An exception looks different: 1011 from daphne, 1006 from uvicorn, 1000 from hypercorn. See `consumer-exception`.',
      'After a fixed time of many seconds it is `server-websocket-timeout`.',
    ],
    mend: [
      'Look the code up in the consumer: `self.close(code=…)`. Many use 4001 for not logged in, 4003 for not allowed.',
      "For 4001, log in again; on the page, don't reconnect at once with the same token.",
    ],
    commands: [['grep', '-rn', 'close(', '--include=consumers.py', '.']],
    background:
      'Codes from 4000 on belong to the application. It has to accept first to send one: that is the deliberate way to tell a browser the reason, which a refusal with 403 cannot.',
  },
}
