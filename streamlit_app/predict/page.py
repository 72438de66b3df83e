"""Predict one song: with the dashboard's own model, and through each protocol."""

import math
from typing import NamedTuple
from urllib.parse import quote

import pandas as pd
import streamlit as st

from song_preference.clients import EXAMPLE, PredictionClient
from song_preference.dataset.version import Spread
from song_preference.features import FEATURES, LABEL, Song
from song_preference.prediction import Explanation, Prediction
from streamlit_app.components import measures_help, section
from streamlit_app.data import model_settings, predictor, settings, with_answers
from streamlit_app.data.playlist import Spreads, own_dataset, spreads, table
from streamlit_app.i18n import Language, Locale, texts
from streamlit_app.predict import charts
from streamlit_app.predict.requests import OWN, Answer, ask, protocols, requests
from streamlit_app.theme import colours, draw

TEXTS = texts("predict")

STEPS = [step / 100 for step in range(101)]
"""Values that a slider can take."""

ALL = "all"


class Preset(NamedTuple):
    """A song of the listener's to start from, and the answer of a model that was not trained on it."""

    song: Song
    probability: float
    """NaN where there is no such answer."""
    is_right: bool


Presets = dict[str, Preset]
"""Presets by name: the extreme of each feature among the likes, and a typical song of each label."""


def page(language: Language) -> None:
    """Draw the page."""
    locale = Locale(language, TEXTS)
    st.title(locale("predict_title"), anchor=False)
    st.write(locale("predict_intro"))
    for name, value in EXAMPLE.model_dump().items():
        # Set here, not by the sliders, so that a preset may set them too, and that they outlive a visit elsewhere.
        st.session_state[_key(name)] = st.session_state.get(_key(name), round(value, 2))
    known: Spreads = {}
    with section(locale):
        version = own_dataset().version
        _choose_preset(presets(with_answers(table(version, "features"))), locale)
        known = spreads(version)
        _strips(known)
    _one_song(locale, known)
    measures_help(locale)


def _choose_preset(found: Presets, locale: Locale) -> None:
    def take() -> None:
        if chosen := st.session_state.preset:
            song = found[chosen].song
            st.session_state.update({_key(name): round(value, 2) for name, value in song.model_dump().items()})

    chosen = st.pills(
        locale("predict_presets"),
        list(found),
        format_func=lambda name: locale(f"predict_preset_{name}"),
        key="preset",
        on_change=take,
    )
    # There without a choice too: a part more would make the browser draw everything below it anew.
    note = st.empty()
    if chosen:
        _, probability, is_right = found[chosen]
        result = "unknown" if math.isnan(probability) else "right" if is_right else "wrong"
        note.caption(locale(f"predict_known_{result}", probability=probability))


@st.fragment
def _one_song(locale: Locale, spreads: Spreads) -> None:
    """Draw what the sliders change; the rest of the page stays as it is."""
    song = Song(**{feature: st.session_state[_key(feature)] for feature in FEATURES})
    answer, sliders = st.columns([5, 6], gap="large", vertical_alignment="center")
    # The answer is drawn before the sliders that it follows from, so that it reaches the browser first.
    with section(locale):
        explanation = predictor().explain(song)
        with answer:
            _answer(explanation.prediction, locale)
        _why(explanation, locale)
    with sliders:
        _sliders(locale, spreads)
    st.header(locale("predict_everywhere"), anchor=False)
    st.write(locale("predict_everywhere_text"))
    _protocols(song, locale)


def _sliders(locale: Locale, spreads: Spreads) -> None:
    if spreads:
        st.caption(locale("predict_strips"))
    for feature in FEATURES:
        meaning = locale(f"{feature}_help")
        if feature in spreads:
            meaning += f"\n\n{_describe(feature, spreads[feature], locale)}"
        st.select_slider(
            locale(feature), STEPS, key=_key(feature), format_func=lambda value: locale.number(value, 2), help=meaning
        )


def _strips(spreads: Spreads) -> None:
    """Draw the distribution of each feature as the background of the space below its slider."""
    # In CSS, since no native part draws behind a slider, and charts beside it would be drawn anew at each move.
    rules = []
    for feature in FEATURES:
        drawing = f'url("data:image/svg+xml,{quote(charts.strip(spreads[feature], colours()))}")'
        place = f"padding-bottom: 2.6rem; background: center bottom / calc(100% - 12px) 2.4rem no-repeat {drawing}"
        rules.append(f".st-key-{_key(feature)} {{ {place}; }}")
    st.html(f"<style>{' '.join(rules)}</style>")


def _describe(feature: str, spreads: list[Spread], locale: Locale) -> str:
    """Return a strip in words."""
    quarters = {
        f"{spread.label}_{end}": spread.quantiles[quantile]
        for spread in spreads
        for end, quantile in (("low", "0.25"), ("high", "0.75"))
    }
    return locale("predict_strip", feature=locale(feature), **quarters)


def _answer(prediction: Prediction, locale: Locale) -> None:
    shown = {"probability": prediction.probability, "threshold": prediction.threshold}
    st.header(locale(f"predict_{prediction.label}"), anchor=False, text_alignment="center")
    draw(charts.gauge, charts.gauge_rows(prediction), locale, key="gauge", alt=locale("predict_gauge", **shown))
    st.caption(locale("predict_rule", **shown), text_alignment="center")


def _why(explanation: Explanation, locale: Locale) -> None:
    st.header(locale("predict_why"), anchor=False)
    text = locale("predict_why_text", base=explanation.base, probability=explanation.prediction.probability)
    st.write(text)
    rows = charts.contribution_rows(explanation.contributions, locale)
    draw(charts.contributions, rows, locale, key="why", alt=text)


def _protocols(song: Song, locale: Locale) -> None:
    ways: dict[str, PredictionClient] = {OWN: predictor(), **protocols()}
    names = {OWN: locale("predict_own"), ALL: locale("predict_all")}
    chosen = st.segmented_control(
        locale("predict_way"),
        [*ways, ALL],
        default=OWN,
        format_func=lambda way: names.get(way, way),
        key="way",
        required=True,
    )
    asked = ask(ways if chosen == ALL else {chosen: ways[chosen]}, song)
    copies = requests(song, settings(), model_settings())
    for column, answered in zip(st.columns(len(asked)), asked, strict=True):
        with column.container(border=True):
            _show(answered, names.get(answered.way, answered.way), locale)
    for answered in asked:
        if len(asked) > 1:
            st.caption(names.get(answered.way, answered.way))
        for copy in copies[answered.way]:
            st.code(copy.text, language=copy.language, wrap_lines=True)


def _show(asked: Answer, name: str, locale: Locale) -> None:
    st.caption(name)
    if asked.prediction is None:
        st.markdown(f":material/cloud_off: **{locale('predict_down' if asked.is_down else 'predict_no_model')}**")
        return
    icon = ":material/thumb_up:" if asked.prediction.liked else ":material/thumb_down:"
    st.markdown(f"{icon} **{locale.percent(asked.prediction.probability, 2)}**")
    version = asked.prediction.model.version
    st.caption(locale("predict_latency", milliseconds=asked.milliseconds, version=version))


def _key(feature: str) -> str:
    return f"song_{feature}"


def presets(songs: pd.DataFrame) -> Presets:
    """Choose the presets among songs with features, label and `ANSWERS`; both labels must occur."""
    liked, disliked = songs[songs[LABEL] == 1], songs[songs[LABEL] == 0]
    extremes = {feature: _preset(liked, int(liked[feature].argmax())) for feature in FEATURES}
    typical = {"liked": _preset(liked, _most_typical(liked)), "disliked": _preset(disliked, _most_typical(disliked))}
    return {**extremes, **typical}


def _most_typical(songs: pd.DataFrame) -> int:
    """Return the position of the song that is nearest to the median of every feature."""
    features = songs[list(FEATURES)]
    return int((features - features.median()).abs().sum(axis="columns").argmin())


def _preset(songs: pd.DataFrame, position: int) -> Preset:
    row = songs.iloc[position]
    song = Song(**{feature: float(row[feature]) for feature in FEATURES})
    return Preset(song, float(row["probability"]), bool(row["predicted"] == row[LABEL]))
