"""Airflow's whole REST API, of which the platform's own client uses a part."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from song_preference.settings import AirflowSettings


@contextmanager
def airflow_api(settings: AirflowSettings) -> Iterator[httpx.Client]:
    """Log in and return a client, whose paths begin with `/api/v2`."""
    account = {"username": settings.user, "password": settings.password.get_secret_value()}
    with httpx.Client(base_url=settings.url, timeout=30) as client:
        token = client.post("/auth/token", json=account).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        yield client
