"""The dashboard's client of dataset management over REST: it holds no keys of S3."""

from io import BytesIO
from typing import Any

import httpx
import pandas as pd

from song_preference.dataset.spread import Spread
from song_preference.dataset.version import DatasetVersion, Preparation
from song_preference.errors import (
    DatasetNotFound,
    Finding,
    InvalidDataset,
    InvalidUpload,
    ServiceUnavailable,
    StorageUnavailable,
)
from song_preference.messages import Message

TIMEOUT_SECONDS = httpx.Timeout(20, connect=3)
UPLOAD_SECONDS = 300
"""A playlist of 2,000,000 songs is checked in half a minute."""

UPLOAD_REFUSED = {
    httpx.codes.REQUEST_ENTITY_TOO_LARGE,
    httpx.codes.UNSUPPORTED_MEDIA_TYPE,
    httpx.codes.UNPROCESSABLE_ENTITY,
}

SHOWN_SONGS = 20_000
"""Of a longer playlist as many, spread evenly: charts look the same with more."""


class Datasets:
    """Published versions, and a way to hand in another playlist.

    Methods raise `ServiceUnavailable` where REST does not answer, `StorageUnavailable` where it cannot reach S3,
    `DatasetNotFound` where there is none.
    """

    def __init__(self, url: str, api_key: str, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"X-API-Key": api_key}
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, headers=headers, transport=transport)

    def latest(self) -> DatasetVersion:
        """The version published last."""
        return DatasetVersion.model_validate(self._get("/datasets/latest").json())

    def statistics(self, version: str) -> list[Spread]:
        """Each feature among the liked and the disliked songs."""
        return [Spread.model_validate(item) for item in self._get(f"/datasets/{version}/statistics").json()["spreads"]]

    def table(self, version: str, part: str, at_most: int = SHOWN_SONGS) -> pd.DataFrame:
        """The rows of a part, such as 'scaled' or 'test'; of more than `at_most` about as many, spread evenly."""
        query = {"part": part, "format": "parquet", "at_most": at_most}
        return pd.read_parquet(BytesIO(self._get(f"/datasets/{version}/download", query).content))

    def check(self, playlist: bytes) -> Preparation:
        """What the pipeline would make of a playlist; raises `InvalidDataset` with every finding, `InvalidUpload`."""
        return Preparation.model_validate(self._post("/datasets/validate", playlist))

    def hand_in(self, playlist: bytes) -> str:
        """Keep a playlist and start the pipeline on it; returns the run's id. Raises what `check` does."""
        return str(self._post("/datasets", playlist)["run_id"])

    def _get(self, path: str, query: dict[str, Any] | None = None) -> httpx.Response:
        try:
            return _checked(self._http.get(path, params=query))
        except httpx.HTTPError as error:
            raise self._away() from error

    def _post(self, path: str, playlist: bytes) -> dict[str, Any]:
        headers = {"Content-Type": "text/csv"}
        try:
            response = self._http.post(path, content=playlist, headers=headers, timeout=UPLOAD_SECONDS)
            answer: dict[str, Any] = _checked(response).json()
        except httpx.HTTPError as error:
            raise self._away() from error
        return answer

    def _away(self) -> ServiceUnavailable:
        return ServiceUnavailable(f"The REST service at {self._http.base_url} does not answer.")


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    try:
        problem = response.json()
        detail, found = str(problem["detail"]), problem.get("errors", [])
    except (ValueError, KeyError, TypeError):
        raise ServiceUnavailable(
            f"What answers at {response.url} is not our REST service: check FASTAPI_URL."
        ) from None
    if response.status_code == httpx.codes.NOT_FOUND:
        raise DatasetNotFound(detail)
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise (StorageUnavailable if response.request.method == "GET" else ServiceUnavailable)(detail)
    if response.status_code in UPLOAD_REFUSED:
        raise InvalidDataset(*map(_finding, found)) if found else InvalidUpload(detail)
    raise ServiceUnavailable(detail)


def _finding(found: dict[str, Any]) -> Finding:
    column = None if found["field"] == "file" else found["field"]
    rule = Message(found.get("code"), found.get("params", {}), found["problem"])
    return Finding(column, rule, found["count"], tuple(found["rows"]))
