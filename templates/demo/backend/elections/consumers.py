import logging
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer

from elections import tokens
from elections.models import Candidate

logger = logging.getLogger(__name__)

GROUP = "election_updates"
NOT_AUTHENTICATED = 4001


class ElectionUpdatesConsumer(AsyncJsonWebsocketConsumer):
    """
    Every new tally, live, for whoever has a valid access token in `?token=`.

    Without one, the socket is closed with 4001 before it is accepted, which a
    client sees as HTTP 403.
    """

    user = None

    async def connect(self):
        query = parse_qs(self.scope["query_string"].decode("ascii", "replace"))
        token = query.get("token", [""])[-1]
        user = await database_sync_to_async(tokens.user_of)(token)
        if user is None:
            reason = "the token is not valid" if token else "no token"
            logger.warning("WebSocket refused: %s", reason)
            await self.close(code=NOT_AUTHENTICATED)
            return
        self.user = user
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()
        # The tally is read after joining the group, so that no vote falls in between.
        tally = await database_sync_to_async(Candidate.objects.tally)()
        await self.send_json({"type": "connection_success", "tally": tally})
        logger.info("WebSocket open for %s", user)

    async def disconnect(self, code):
        if self.user is not None:
            await self.channel_layer.group_discard(GROUP, self.channel_name)
            logger.info("WebSocket closed for %s (%s)", self.user, code)

    async def receive(self, text_data=None, bytes_data=None, **kwargs):
        try:
            await super().receive(text_data, bytes_data, **kwargs)
        except (ValueError, RecursionError):
            await self.send_json({"type": "error", "detail": "That is not a JSON message."})

    async def receive_json(self, content, **kwargs):
        if isinstance(content, dict) and content.get("type") == "ping":
            await self.send_json({"type": "pong"})

    async def election_update(self, event):
        """A message of the group goes to the client as it is."""
        await self.send_json(event)
