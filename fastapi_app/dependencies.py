"""Dependencies of the routes: objects of the application's state, and the check of the API key."""

import hmac
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Security
from fastapi.security import APIKeyHeader

from song_preference.errors import AccessDenied
from song_preference.messages import Message
from song_preference.serving.lookup import Sources
from song_preference.serving.metrics import Metrics
from song_preference.serving.predictor import Predictor
from song_preference.serving.songs import SongSearch
from song_preference.settings import RestSettings


def from_state(name: str) -> Any:
    """Return a dependency on an object of the application's state."""

    # Async, since FastAPI runs a plain function in another thread, which costs more than a prediction.
    async def get(request: Request) -> Any:
        return getattr(request.app.state, name)

    return Depends(get)


PredictorDep = Annotated[Predictor, from_state("predictor")]
MetricsDep = Annotated[Metrics, from_state("metrics")]
SongsDep = Annotated[SongSearch, from_state("songs")]
SourcesDep = Annotated[Sources, from_state("sources")]
SettingsDep = Annotated[RestSettings, from_state("settings")]
MAX_LISTED = 100
Limit = Annotated[int, Query(ge=1, le=MAX_LISTED, description="How many at most.")]
Offset = Annotated[int, Query(ge=0, le=10**6, description="How many of the newest to leave out.")]
ApiKey = Annotated[str | None, Security(APIKeyHeader(name="X-API-Key", auto_error=False))]


def check_key(settings: RestSettings, key: str | None) -> None:
    """Raise `AccessDenied` unless `key` is the service's key; takes the same time for any wrong one."""
    # Starlette decodes headers as Latin-1, whatever the caller's encoding was.
    if not hmac.compare_digest((key or "").encode("latin-1"), settings.api_key.get_secret_value().encode()):
        raise AccessDenied(Message("key_missing"))


async def _require_key(settings: SettingsDep, key: ApiKey = None) -> None:
    check_key(settings, key)


NEEDS_KEY = Depends(_require_key)
"""The dependency of a route that changes something."""
