import { expect, test } from 'vitest'
import { isWrittenOut } from '../../src/facts/settings-lines.ts'

const layer = '{"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", 6379)]}}}'

test.each([
  ['literals alone', `CHANNEL_LAYERS = ${layer}\n`, true],
  [
    'over several lines, with a comment',
    `CHANNEL_LAYERS = {\n    "default": {"BACKEND": "x.Y"},  # for now\n}\nDEBUG = env("DEBUG")\n`,
    true,
  ],
  ['the last word on it', `if env("A"):\n    CHANNEL_LAYERS = {}\nCHANNEL_LAYERS = ${layer}\n`, true],
  ['under a condition', `if env.bool("USE_REDIS"):\n    CHANNEL_LAYERS = ${layer}\n`, false],
  ['a condition after it', `CHANNEL_LAYERS = {}\nif USE_REDIS:\n    CHANNEL_LAYERS = ${layer}\n`, false],
  ['chosen in one line', 'CHANNEL_LAYERS = REDIS if env("USE_REDIS") else MEMORY\n', false],
  ['a host that is read', 'CHANNEL_LAYERS = {"default": {"CONFIG": {"hosts": [env("REDIS_URL")]}}}\n', false],
  ['changed afterwards', `CHANNEL_LAYERS = ${layer}\nCHANNEL_LAYERS["default"]["BACKEND"] = backend\n`, false],
  ['no layer', 'DEBUG = True\n', false],
])('%s', (_, text, is) => {
  expect(isWrittenOut(text)).toBe(is)
})
