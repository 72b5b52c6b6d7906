/** An asgi.py with other routes; `websocket` is the application for WebSockets. */
export const asgiWith = (websocket: string, name = 'core'): string => `import os
from django.core.asgi import get_asgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${name}.settings")
http = get_asgi_application()
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path, re_path
from updates.consumers import Updates
application = ProtocolTypeRouter({"http": http, "websocket": ${websocket}})
`
