"""The dashboard's pages on a platform in memory, of which each service can be taken away."""

from collections.abc import Callable
from functools import cache
from itertools import chain
from pathlib import Path
from string import Formatter

import httpx
from google.protobuf.text_format import MessageToString
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Caption, Markdown

from song_preference.messages import FOLDER, SENTENCES, read_texts
from song_preference.serving.song_index import IndexStore
from streamlit_app.data.catalogue import catalogue
from streamlit_app.i18n import LANGUAGES, Language, Texts, texts
from streamlit_app.songs.answers import SongFile
from streamlit_app.songs.file import read
from tests.support.airflow import FakeAirflow
from tests.support.datasets import MemoryObjects
from tests.support.named_songs import without_index
from tests.support.registry import FakeRegistry

TEXTS: Texts = {}
for page in ("predict", "discover", "explore", "model", "songs", "pipeline"):
    TEXTS |= texts(page)
"""The texts of all pages."""

NOWHERE = "http://127.0.0.1:9"
API_KEY = "sesame"
LIST_BYTES, LIST_ROWS = 10_000_000, 2_000
ENVIRONMENT = {
    "MLFLOW_TRACKING_URI": NOWHERE,
    "MODEL_NAME": "spotify_model_prod",
    "MODEL_ALIAS": "champion",
    "MODEL_REFRESH_SECONDS": "60",
    "MAX_BATCH_SIZE": "10000",
    "FASTAPI_URL": NOWHERE,
    "GRPC_ADDRESS": "127.0.0.1:9",
    "AIRFLOW_URL": NOWHERE,
    "_AIRFLOW_WWW_USER_USERNAME": "airflow",
    "_AIRFLOW_WWW_USER_PASSWORD": "airflow",
    "API_KEY": API_KEY,
    "MANAGE_DATASETS": "true",
    "AIRFLOW_BROWSER_URL": "http://airflow.example",
    "MLFLOW_BROWSER_URL": "http://mlflow.example",
    "FASTAPI_BROWSER_URL": "http://rest.example",
    "S3_BROWSER_URL": "http://s3.example",
    "GRPC_HOST_ADDRESS": "grpc.example:50051",
    "DATASET_SOURCE": "sample",
    "MAX_DATASET_BYTES": "1000000",
    "MAX_CATALOGUE_BYTES": "1000000",
    "MAX_LIST_BYTES": str(LIST_BYTES),
    "MAX_LIST_ROWS": str(LIST_ROWS),
    "MAX_UPLOAD_BYTES": "1000000",
    "GRAPHQL_IDE": "false",
}


def read_list(content: bytes) -> SongFile:
    """Return a list of songs as the page reads it."""
    return read(content, LIST_BYTES, LIST_ROWS)


def refresh_catalogue() -> None:
    """Let the dashboard look for another index at once."""
    indexes = catalogue().indexes
    assert indexes
    indexes.refresh()


SERVICES = ("mlflow", "s3", "rest", "airflow")
"""The services that can be taken away; nothing listens at the address of gRPC."""


class Platform:
    """The services that the dashboard asks; all of them work until a test takes some down."""

    def __init__(self, registry: FakeRegistry, objects: MemoryObjects, airflow: FakeAirflow) -> None:
        self.registry, self.objects, self.airflow = registry, objects, airflow
        self.rest_is_down = False
        self.indexes: IndexStore = without_index(Path("/nowhere"))
        """Where REST and the dashboard look songs up."""

    def take_down(self, *services: str) -> None:
        """Take down these of `SERVICES`, or all of them."""
        for service in services or SERVICES:
            match service:
                case "mlflow":
                    self.registry.is_down = True
                case "s3":
                    self.objects.is_down = True
                case "rest":
                    self.rest_is_down = True
                case "airflow":
                    self.airflow.broken = httpx.ConnectError("refused")


PAGE = """
import streamlit as st
from streamlit_app import address
from streamlit_app.banners import show_banners, show_list
from streamlit_app.i18n import COMMON, Locale, texts
from streamlit_app.app import PAGES

st.session_state[address.PAGE] = "{name}"
show_banners(Locale("{language}", COMMON))
PAGES["{name}"][0](Locale("{language}", texts("{name}")))
show_list(Locale("{language}", COMMON))
"""
"""The script of one page with its banners, as `app.py` draws it."""

Open = Callable[[str, Language], AppTest]


def page_texts(page: AppTest) -> list[str]:
    """Return the texts outside of boxes, from top to bottom."""
    return [str(node.value) for node in page.main if isinstance(node, Markdown | Caption)]


def shown(page: AppTest) -> str:
    """Return them as one text."""
    return "\n".join(page_texts(page))


def card(page: AppTest, name: str) -> str:
    """Return the text about one service, up to the name of the next."""
    said = page_texts(page)
    first = said.index(f"**{name}**")
    ends = [at for at, text in enumerate(said) if at > first and text.startswith("**")]
    return "\n".join(said[first : min(ends, default=None)])


@cache
def phrases_of_others(language: Language) -> list[str]:
    """Return what texts say between their placeholders in other languages only, of two words or more."""
    tables = (TEXTS | read_texts(FOLDER / "runs.toml")).values()
    said = {known: [*SENTENCES[known].values(), *(text[known] for text in tables)] for known in LANGUAGES}
    own = "\n".join(said.pop(language))
    parts = (part for text in chain(*said.values()) for part, *_ in Formatter().parse(text))
    lines = {line.strip() for part in parts for line in part.splitlines()}
    return sorted(line for line in lines if " " in line and line not in own)


def of_another_language(page: AppTest, language: Language) -> list[str]:
    """Return what a page says, in texts, helps, options, tables or charts, in another language than its own."""
    nodes = [node for root in (page.main, page.sidebar) for node in root if getattr(node, "proto", None)]
    # Escaped in Markdown, or by the writer of the elements.
    said = "\n".join(MessageToString(node.proto, as_utf8=True) for node in nodes).replace("\\", "")
    return [phrase for phrase in phrases_of_others(language) if phrase in said]
