"""Settings of the demo backend. What differs between machines comes from backend/.env."""

from datetime import timedelta
from pathlib import Path

from decouple import Csv, config

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = config("SECRET_KEY")
DEBUG = config("DEBUG", default=False, cast=bool)
ALLOWED_HOSTS = config("ALLOWED_HOSTS", default="localhost,127.0.0.1,[::1]", cast=Csv())

# daphne comes first: it makes `runserver` an ASGI server.
INSTALLED_APPS = [
    "daphne",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "channels",
    "elections",
]

# No sessions and no CSRF protection: nothing here trusts a cookie, a request carries its token.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "core.urls"
ASGI_APPLICATION = "core.asgi.application"
WSGI_APPLICATION = "core.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": BASE_DIR / "db.sqlite3",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TIME_ZONE = "UTC"
USE_TZ = True

# The page may stay open for a working day without a new sign-in.
SIMPLE_JWT = {"ACCESS_TOKEN_LIFETIME": timedelta(hours=12)}

# In memory is enough for one server process; several need Redis 5.0 or newer.
USE_REDIS_FOR_CHANNELS = config("USE_REDIS_FOR_CHANNELS", default=False, cast=bool)

if USE_REDIS_FOR_CHANNELS:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {
                "hosts": [
                    {
                        "host": config("REDIS_HOST", default="127.0.0.1"),
                        "port": config("REDIS_PORT", default=6379, cast=int),
                        "db": config("REDIS_DB", default=0, cast=int),
                        "password": config("REDIS_PASSWORD", default="") or None,
                        # redis-py 8 would end each socket that is idle for 5 s
                        "socket_timeout": None,
                    }
                ]
            },
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}

DEMO_USER = config("DEMO_USER", default="clerk")
DEMO_PASSWORD = config("DEMO_PASSWORD", default="")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(levelname)-7s %(message)s"},
    },
    "filters": {
        "hide_token": {"()": "core.log.HideToken"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["hide_token"],
        },
    },
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "elections": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # uvicorn logs a WebSocket with its whole query string.
        "uvicorn.error": {"filters": ["hide_token"]},
    },
}
