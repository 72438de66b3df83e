"""Logs of the prediction services: one JSON object a line, each with the id of the request that it is about."""

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from random import getrandbits

from typing_extensions import override

REQUEST_ID = "x-request-id"
"""HTTP header and gRPC metadata key of the request id, both of a request and of its answer."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Id of the request that this thread or task answers; empty outside of one."""

_VALID_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def accepted_id(offered: str | bytes | None) -> str:
    """Return the id that a caller offers, or a new one if it is unfit for a log and a header."""
    if isinstance(offered, str) and _VALID_ID.fullmatch(offered):
        return offered
    # No secret, so the quick generator will do.
    return f"{getrandbits(128):032x}"


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, and request_id and exception where there are any."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identifier := request_id.get():
            line["request_id"] = identifier
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure() -> None:
    """Let the root logger write JSON, from INFO on, to the process's stderr; handlers it had are removed."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Each of its retries is a warning; the caller logs once that a service is away.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    # It logs the address of each request, which may name a listener's songs.
    logging.getLogger("httpx").setLevel(logging.WARNING)
