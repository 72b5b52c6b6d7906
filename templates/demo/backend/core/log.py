"""What the log must not say."""

import logging
import re

TOKEN = re.compile(r"(?<=[?&]token=)[^&\s\"']+")


class HideToken(logging.Filter):
    """Replaces the access token of a WebSocket URL by `***`."""

    def filter(self, record):
        message = record.getMessage()
        if TOKEN.search(message):
            record.msg, record.args = TOKEN.sub("***", message), None
        return True
