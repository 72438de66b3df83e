"""The health of every part, looked at again by itself."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import streamlit as st

from song_preference.mlflow_pages import experiments_page
from streamlit_app.clock import local
from streamlit_app.data.model import predictor, probes, settings
from streamlit_app.health import Health, own_model
from streamlit_app.pipeline.markup import Card, card_grid, show
from streamlit_app.words import Words

REFRESH_SECONDS = 10


@st.fragment(run_every=REFRESH_SECONDS)
def parts_grid(words: Words) -> None:
    """Draw a card for each part, and how many of them work."""
    found = {"dashboard": own_model(predictor().store), **probes().ask(manages_datasets=settings().manages_datasets)}
    working = sum(health.state == "up" for health in found.values())
    key = "pipeline_all_work" if working == len(found) else "pipeline_some_work"
    st.write(words(key, working=working, parts=len(found)))
    links = _links(words)
    show(card_grid(card(words, name, health, links.get(name)) for name, health in found.items()))


def card(words: Words, name: str, health: Health, link: tuple[str, str] | None) -> Card:
    """What is told of one part."""
    return Card(
        kind=health.state,
        name=words(f"part_{name}"),
        state=words(f"health_{health.state}"),
        purpose=words(f"part_{name}_purpose"),
        note=words(health.note, **_filled_in(words, health.values)) if health.note else None,
        components=[
            (state, words(f"component_{state}", name=words(f"part_airflow_{component}")))
            for component, state in health.components.items()
        ],
        is_wide=name == "airflow",
        link=link,
    )


def _filled_in(words: Words, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: words.moment(local(value)) if isinstance(value, datetime) else value for name, value in values.items()
    }


def _links(words: Words) -> dict[str, tuple[str, str]]:
    pages = settings()
    addresses = {
        "rest": f"{pages.rest_page}/docs",
        "graphql": f"{pages.rest_page}/graphql",
        "mlflow": experiments_page(pages.mlflow_page),
        "s3": pages.s3_page,
        "airflow": pages.airflow_page,
    }
    links = {name: (words("pipeline_open", name=words(f"part_{name}")), address) for name, address in addresses.items()}
    return {**links, "grpc": (words("pipeline_grpc_address", address=pages.grpc_address), "")}
