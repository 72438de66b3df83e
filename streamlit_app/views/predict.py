"""Predict one song: with the dashboard's own model, and through each protocol."""

import time
from typing import Any

import streamlit as st

from song_preference.clients import EXAMPLE, PredictionClient
from song_preference.errors import ModelNotReady, SongPreferenceError
from song_preference.features import FEATURES, Song
from song_preference.serving.predictor import Prediction
from streamlit_app.model import predictor, protocols
from streamlit_app.texts import Language, text


def page(language: Language) -> None:
    """Draw the page."""
    st.title(text("title", language))
    st.write(text("intro", language))
    song = _song(language)
    try:
        answer = predictor().predict(song)
    except ModelNotReady:
        st.info(text("not_ready", language))
    else:
        _show(answer, language)
    _show_protocols(song, language)


def _song(language: Language) -> Song:
    start = EXAMPLE.model_dump()
    columns = st.columns(2)
    return Song(
        **{
            feature: columns[index % 2].slider(
                text(feature, language),
                min_value=0.0,
                max_value=1.0,
                value=start[feature],
                step=0.01,
                key=feature,
                help=text(f"{feature}_help", language),
            )
            for index, feature in enumerate(FEATURES)
        }
    )


def _show(answer: Prediction, language: Language) -> None:
    with st.container(border=True):
        st.subheader(text(answer.label, language))
        st.progress(answer.probability)
        probability, threshold, model = st.columns(3)
        probability.metric(text("probability", language), _number(answer.probability, language))
        threshold.metric(text("threshold", language), _number(answer.threshold, language))
        model.metric(text("model", language), f"v{answer.model.version}")


def _show_protocols(song: Song, language: Language) -> None:
    st.subheader(text("everywhere", language))
    ways: dict[str, PredictionClient] = {text("own_model", language): predictor(), **protocols()}
    st.dataframe([_row(name, client, song, language) for name, client in ways.items()], hide_index=True)


def _row(name: str, client: PredictionClient, song: Song, language: Language) -> dict[str, Any]:
    began = time.perf_counter()
    shown: dict[str, Any] = dict.fromkeys(("answer", "probability", "model", "milliseconds"))
    try:
        answer = client.predict(song)
    except SongPreferenceError:
        shown["answer"] = text("down", language)
    else:
        shown["answer"] = text(answer.label, language)
        shown["probability"] = answer.probability
        shown["model"] = f"{answer.model.name} v{answer.model.version}"
        shown["milliseconds"] = round((time.perf_counter() - began) * 1000, 1)
    return {text("service", language): name, **{text(key, language): value for key, value in shown.items()}}


def _number(value: float, language: Language) -> str:
    shown = f"{value:.3f}"
    return shown.replace(".", ",") if language == "es" else shown
