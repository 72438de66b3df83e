"""The playlist and its dataset versions, over REST: the dashboard holds no keys of S3."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import httpx
import pandas as pd
import streamlit as st

from song_preference.dataset.version import CheckedPlaylist, DatasetVersion, Spread
from song_preference.errors import (
    DatasetNotFound,
    Finding,
    InvalidDataset,
    InvalidUpload,
    NotManaged,
    ServiceUnavailable,
    StorageUnavailable,
)
from song_preference.messages import Message
from song_preference.settings import ClientSettings, load
from streamlit_app.data import KEPT_ANSWERS, LATEST_SECONDS, settings

TIMEOUT_SECONDS = httpx.Timeout(20, connect=3)
UPLOAD_SECONDS = 300
"""Timeout of an upload: a playlist of 2,000,000 songs is checked in half a minute."""

UPLOAD_REJECTED = {
    httpx.codes.REQUEST_ENTITY_TOO_LARGE,
    httpx.codes.UNSUPPORTED_MEDIA_TYPE,
    httpx.codes.UNPROCESSABLE_ENTITY,
}

SHOWN_SONGS = 20_000
"""Greatest number of rows that are fetched of a playlist, evenly spaced: charts look the same with more."""


Spreads = dict[str, list[Spread]]
"""The distributions of a feature among the liked and among the disliked songs, by feature."""


class Datasets:
    """Client of the published dataset versions and of uploads.

    Methods raise `ServiceUnavailable` if REST does not answer, `StorageUnavailable` if REST cannot reach S3, and
    `DatasetNotFound` if there is no such version.
    """

    def __init__(self, url: str, api_key: str, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"X-API-Key": api_key}
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS, headers=headers, transport=transport)

    def get(self, path: str, **query: str | int) -> httpx.Response:
        """Return the answer to a query about datasets."""
        return self._checked("GET", path, params=query)

    def check(self, playlist: Mapping[str, bytes]) -> CheckedPlaylist:
        """Return what the pipeline would prepare of the files by field: one `file`, or `liked` and `disliked`.

        Raise `InvalidDataset` with all findings, or `InvalidUpload`.
        """
        return CheckedPlaylist.model_validate(self._post("/datasets/validate", playlist))

    def upload(self, playlist: Mapping[str, bytes], options: Mapping[str, Any]) -> str:
        """Store a playlist, start the pipeline on it and return the run's id; raise what `check` does."""
        return str(self._post("/datasets", playlist, options)["run_id"])

    def _post(
        self, path: str, playlist: Mapping[str, bytes], options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        files = {field: (field, content) for field, content in playlist.items()}
        answer = self._checked("POST", path, files=files, params=options, timeout=UPLOAD_SECONDS)
        body: dict[str, Any] = answer.json()
        return body

    def _checked(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            return _checked(self._http.request(method, path, **content))
        except httpx.HTTPError as error:
            raise ServiceUnavailable(Message("rest_unavailable", {"url": str(self._http.base_url)})) from error


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    try:
        problem = response.json()
        detail = Message(problem.get("code"), problem.get("params") or {}, str(problem["detail"]))
        found = problem.get("errors", [])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ServiceUnavailable(Message("rest_is_another_program", {"url": str(response.url)})) from None
    if response.status_code == httpx.codes.NOT_FOUND:
        raise DatasetNotFound(detail)
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise (StorageUnavailable if response.request.method == "GET" else ServiceUnavailable)(detail)
    if response.status_code in UPLOAD_REJECTED:
        raise InvalidDataset(*map(_finding, found)) if found else InvalidUpload(detail)
    raise ServiceUnavailable(detail)


def _finding(found: dict[str, Any]) -> Finding:
    column = None if found["field"] == "file" else found["field"]
    rule = Message(found.get("code"), found.get("params", {}), found["problem"])
    return Finding(column, rule, found["count"], tuple(found["rows"]))


def datasets() -> Datasets:
    """Return the client of the datasets; raise `NotManaged` if REST only predicts."""
    if not settings().manages_datasets:
        raise NotManaged("FastAPI was started with MANAGE_DATASETS=false: it only predicts.")
    return _datasets()


@st.cache_resource(show_spinner=False)
def _datasets() -> Datasets:
    return Datasets(load(ClientSettings).rest_url, settings().api_key.get_secret_value())


@st.cache_data(ttl=LATEST_SECONDS, show_spinner=False)
def latest_dataset() -> DatasetVersion:
    """Return the version published last; raise what `Datasets` does."""
    return DatasetVersion.model_validate(datasets().get("/datasets/latest").json())


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def table(version: str, name: str) -> pd.DataFrame:
    """Return rows of a table such as 'scaled', all or about `SHOWN_SONGS` of them; raise what `Datasets` does."""
    found = datasets().get(f"/datasets/{version}/download", part=name, format="parquet", at_most=SHOWN_SONGS)
    return pd.read_parquet(BytesIO(found.content))


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def spreads(version: str) -> Spreads:
    """Return each feature's distributions in a dataset version; raise what `Datasets` does."""
    found: Spreads = {}
    for item in datasets().get(f"/datasets/{version}/statistics").json()["spreads"]:
        spread = Spread.model_validate(item)
        found.setdefault(spread.feature, []).append(spread)
    return found
