"""Buttons on a task's page: to its run in MLflow and to its files in S3."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink
from airflow.sdk.execution_time.xcom import XCom

from song_preference.mlflow_pages import run_page
from song_preference.settings import BrowserSettings


class Link(BaseOperatorLink):
    """Links to what a task's result, a mapping, names under `key`."""

    def __init__(self, name: str, key: str, address: Callable[[BrowserSettings, Mapping[str, Any]], str]) -> None:
        self._name, self._key, self._address = name, key, address

    @property
    def name(self) -> str:
        """Return the text of the button."""
        return self._name

    @property
    def xcom_key(self) -> str:
        """Return the key under which the worker leaves the address for the API server, which has no class of ours."""
        return f"link_{self._key}"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow passes both by name
        """Return the address; empty for a task that ended without a result."""
        result = XCom.get_value(ti_key=ti_key, key="return_value")
        return self._address(BrowserSettings(), result) if result else ""


def dataset_files(key: str) -> Link:
    """Return the link to the files of the dataset version that the result names under `key`."""
    return Link("Files in S3", key, lambda pages, result: pages.data_url + quote(f"datasets/{result[key]}/", safe=""))


MLFLOW_RUN = Link(
    "Run in MLflow",
    "run_id",
    lambda pages, result: run_page(pages.mlflow_url, result["run_id"], result.get("experiment_id")),
)
