"""Who may change something: whoever sends the service's key."""

import hmac
from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader

from fastapi_app.dependencies import SettingsDep
from song_preference.errors import AccessDenied
from song_preference.settings import RestSettings

ApiKey = Annotated[str | None, Security(APIKeyHeader(name="X-API-Key", auto_error=False))]


def check_key(settings: RestSettings, key: str | None) -> None:
    """Raises `AccessDenied` unless it is the service's key; takes as long for any other."""
    # Headers are Latin-1 to Starlette, whatever the caller meant.
    if not hmac.compare_digest((key or "").encode("latin-1"), settings.api_key.get_secret_value().encode()):
        raise AccessDenied("This needs the header X-API-Key with the service's API_KEY.")


async def _keyed(settings: SettingsDep, key: ApiKey = None) -> None:
    check_key(settings, key)


NEEDS_KEY = Depends(_keyed)
"""For the `dependencies` of a route that changes something."""
