"""The WebSocket routes."""

from django.urls import path

from elections.consumers import ElectionUpdatesConsumer

websocket_urlpatterns = [
    path("ws/election-updates/", ElectionUpdatesConsumer.as_asgi()),
]
