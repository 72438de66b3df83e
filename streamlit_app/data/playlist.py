"""The listener's lists, over REST: the dashboard holds no keys of S3."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
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
    ModelNotReady,
    NotManaged,
    ServiceUnavailable,
    StorageUnavailable,
)
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.settings import ClientSettings, load
from song_preference.tls import client_tls, verification
from streamlit_app.data import KEPT_ANSWERS, LATEST_SECONDS, LISTED_VERSIONS, predictor, settings
from streamlit_app.i18n import Locale

TIMEOUT_SECONDS = httpx.Timeout(20, connect=3)
LATEST_NAME = "latest"
UPLOAD_SECONDS = 300
"""Timeout of an upload: a playlist of 2,000,000 songs is checked in half a minute."""

UPLOAD_REJECTED = {
    httpx.codes.REQUEST_ENTITY_TOO_LARGE,
    httpx.codes.UNSUPPORTED_MEDIA_TYPE,
    httpx.codes.UNPROCESSABLE_ENTITY,
}

SHOWN_SONGS = 20_000
"""Greatest number of rows that are fetched of a playlist, evenly spaced: charts look the same with more."""


NamedFile = tuple[str, bytes]
"""Name and content of a file."""

Spreads = dict[str, list[Spread]]
"""The distributions of a feature among the liked and among the disliked songs, by feature."""


class ManagementClient:
    """Client of the published dataset versions, of uploads, catalogues too, and of the choice of the champion.

    Methods raise `ServiceUnavailable` if REST does not answer, `StorageUnavailable` if REST cannot reach S3, and
    `DatasetNotFound` if there is no such version.
    """

    def __init__(self, url: str, api_key: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=url,
            timeout=TIMEOUT_SECONDS,
            headers={"X-API-Key": api_key},
            transport=transport,
            verify=verification(client_tls()),
        )

    def get(self, path: str, **query: str | int) -> httpx.Response:
        """Return the answer to a query about datasets."""
        return self._checked("GET", path, params=query)

    def check(self, playlist: Mapping[str, NamedFile]) -> CheckedPlaylist:
        """Return what the pipeline would prepare of the files by field: one `file`, or `liked` and `disliked`.

        Raise `InvalidDataset` with all findings, or `InvalidUpload`.
        """
        return CheckedPlaylist.model_validate(self._post("/datasets/validate", playlist))

    def upload(self, playlist: Mapping[str, NamedFile], options: Mapping[str, Any]) -> str:
        """Store a playlist, start the pipeline on it and return the run's id; raise what `check` does."""
        return str(self._post("/datasets", playlist, options)["run_id"])

    def upload_catalogue(self, file: NamedFile) -> str:
        """Store a catalogue, start its import and return the run's id; raise `InvalidUpload`."""
        return str(self._post("/catalogue", {"file": file})["run_id"])

    def rename(self, version: str, name: str) -> None:
        """Give a dataset version another name."""
        self._checked("PATCH", f"/datasets/{version}", json={"name": name})

    def roll_back(self, version: str) -> None:
        """Make a version of the model the champion."""
        self._checked("POST", "/model/rollback", json={"version": version})

    def decline(self, version: str) -> None:
        """Keep the champion instead of a version."""
        self._checked("POST", f"/model/versions/{version}/decline")

    def _post(
        self, path: str, playlist: Mapping[str, NamedFile], options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = self._checked("POST", path, files=playlist, params=options, timeout=UPLOAD_SECONDS)
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
    return Finding(column, rule, found.get("count") or 1, tuple(found.get("rows") or ()))


def management() -> ManagementClient:
    """Return the client; raise `NotManaged` if REST only predicts."""
    if not settings().manages_datasets:
        raise NotManaged(Message("only_predicts"))
    return _management()


@st.cache_resource(show_spinner=False)
def _management() -> ManagementClient:
    return ManagementClient(load(ClientSettings).rest_url, settings().api_key.get_secret_value())


@st.cache_data(ttl=LATEST_SECONDS, show_spinner=False)
def dataset(version: str) -> DatasetVersion:
    """Return a dataset version, or 'latest', the one published last; raise what `ManagementClient` does."""
    return DatasetVersion.model_validate(management().get(f"/datasets/{version}").json())


def own_dataset() -> DatasetVersion:
    """Return the listener's list: the one that the champion learned from, or before the first champion the latest.

    Raise what `ManagementClient` does, `DatasetNotFound` also if it is not recorded which one that is.
    """
    try:
        trained_on = predictor().store.current().model.ref.dataset_version
    except ModelNotReady:
        return dataset(LATEST_NAME)
    if trained_on is None:
        raise DatasetNotFound(Message("dataset_unrecorded"))
    return dataset(trained_on)


def list_names(locale: Locale) -> dict[str, str]:
    """Return name and date of the newest lists by dataset version; none if REST does not know them.

    Several lists may have one name.
    """
    with suppress(NotManaged, ServiceUnavailable, StorageUnavailable):
        return {version: f"{name} ({locale.moment(created_at)})" for version, (name, created_at) in _names().items()}
    return {}


@st.cache_data(ttl=LATEST_SECONDS, show_spinner=False)
def _names() -> dict[str, tuple[str, datetime]]:
    found = management().get("/datasets", limit=LISTED_VERSIONS).json()["datasets"]
    return {each["version"]: (each["name"], datetime.fromisoformat(each["created_at"])) for each in found}


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def table(version: str, name: str) -> pd.DataFrame:
    """Return rows of a table such as 'scaled', at most about `SHOWN_SONGS`; raise what `ManagementClient` does."""
    found = management().get(f"/datasets/{version}/download", part=name, format="parquet", at_most=SHOWN_SONGS)
    return pd.read_parquet(BytesIO(found.content))


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def spreads(version: str) -> Spreads:
    """Return each feature's distributions in a dataset version; raise what `ManagementClient` does."""
    found = management().get(f"/datasets/{version}/statistics").json()["spreads"]
    spreads = [Spread.model_validate(item) for item in found]
    return {name: [spread for spread in spreads if spread.feature == name] for name in FEATURES}
