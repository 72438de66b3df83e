"""Predict one song: with the dashboard's own model, and through each protocol."""

import math
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from song_preference.dataset.version import Spread
from song_preference.features import FEATURES, LABEL, Song
from song_preference.prediction import Explanation, Prediction
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import measures_help, section, song_state
from streamlit_app.data import model_settings, predictor, settings, with_answers
from streamlit_app.data.playlist import Spreads, own_dataset, spreads, table
from streamlit_app.i18n import Locale
from streamlit_app.predict import charts, kept
from streamlit_app.predict.kept import MEASURES, STEPS, chosen, exact, put, shown
from streamlit_app.predict.requests import OWN, Answer, Clients, ask, requests
from streamlit_app.predict.search import restore, search_box, song_name, strongest_reason
from streamlit_app.theme import colours, draw

ALL = "all"


class Preset(NamedTuple):
    """A song of the listener's to start from, and the answer of a model that was not trained on it."""

    song: Song
    is_liked: bool
    probability: float
    """NaN where there is no such answer."""
    is_right: bool


Presets = dict[str, Preset]
"""Presets by name: the extreme of each feature among the likes, and a typical song of each label."""


def page(protocols: Callable[[], Clients], locale: Locale) -> None:
    """Draw the page; `protocols` returns the clients of the other services."""
    clients = protocols()
    restore([_way(clients), kept.KEPT])
    known: Spreads = {}
    # Close together, so that all sliders are on the screen of a small laptop, below a banner too.
    with st.container(gap="xsmall"):
        title, buttons = st.columns([5, 4], vertical_alignment="bottom")
        title.title(locale("predict_title"), anchor=False)
        with buttons.container(horizontal=True, horizontal_alignment="right"):
            kept.keep_button(locale)
            _share(locale)
        st.write(locale("predict_intro"))
        search_box(locale)
        with section(locale):
            version = own_dataset().version
            _choose_preset(presets(with_answers(table(version, "features"))), locale)
            known = spreads(version)
            _strips(known)
    _one_song(clients, locale, known)
    measures_help(locale)


def _way(clients: Clients) -> Choice:
    return Choice("protocol", "way", [OWN, *clients, ALL], OWN)


def _share(locale: Locale) -> None:
    popover = st.popover(locale("predict_share"), icon=":material/link:", on_change="rerun", key="predict_share")
    if popover.open:
        popover.caption(locale("predict_share_text"))
        popover.code(address.link(), language=None, wrap_lines=True)


def _choose_preset(found: Presets, locale: Locale) -> None:
    def take() -> None:
        if name := st.session_state.preset:
            put(found[name].song)

    if (before := st.session_state.get("preset")) and song_state(found[before].song.row()) != song_state(shown().row()):
        st.session_state.preset = None  # the sliders have left it
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
        note.caption(_known(found[chosen], locale))


def _known(preset: Preset, locale: Locale) -> str:
    """Return what a model that was not trained on the song says of it, and whether the listener agrees."""
    if math.isnan(preset.probability):
        return locale("predict_known_unknown")
    missed = "predict_known_missed_like" if preset.is_liked else "predict_known_missed_dislike"
    return locale("predict_known_right" if preset.is_right else missed, probability=preset.probability)


@st.fragment
def _one_song(clients: Clients, locale: Locale, spreads: Spreads) -> None:
    """Draw what the sliders change; the rest of the page stays as it is."""
    named = chosen()
    song = exact(named) if named else shown()
    answer, sliders = st.columns([5, 6], gap="large", vertical_alignment="center")
    # The answer is drawn before the sliders that it follows from, so that it reaches the browser first.
    with section(locale):
        with answer.container(key="answer"):
            # There for any other song too: a part more would make the browser draw everything below it anew.
            name = st.empty()
            if named:
                name.markdown(song_name(named), text_alignment="center")
            below = _answer(predictor().predict(song), locale)
        kept.table(locale)
        # After the answer: its hundreds of predictions take longer than all the rest.
        explanation = predictor().explain(song)
        if named:
            reason = strongest_reason(explanation, song, locale)
            below.caption(f"{reason}.  \n{_rule(explanation.prediction, locale)}", text_alignment="center")
        _why(explanation, locale)
    with sliders.container(gap="xxsmall"):
        _sliders(locale, spreads)
    st.header(locale("predict_everywhere"), anchor=False)
    st.write(locale("predict_everywhere_text"))
    _protocols(clients, song, locale)
    address.write()


def _sliders(locale: Locale, spreads: Spreads) -> None:
    for measure in MEASURES:
        meaning = locale(f"{measure.name}_help")
        if measure.name in spreads:
            meaning += f"\n\n{_describe(measure.name, spreads[measure.name], locale)}"
        measure.slider(locale(measure.name), STEPS, lambda value: locale.number(value, 2), help=meaning)
    if spreads:
        st.caption(locale("predict_strips"))


def _strips(spreads: Spreads) -> None:
    """Draw the distribution of each feature as the background of the space below its slider."""
    # In CSS, since no native part draws behind a slider, and charts beside it would be drawn anew at each move.
    rules = []
    for measure in MEASURES:
        drawing = f'url("data:image/svg+xml,{quote(charts.strip(spreads[measure.name], colours()))}")'
        place = f"padding-bottom: 1.4rem; background: center bottom / calc(100% - 12px) 1.4rem no-repeat {drawing}"
        rules.append(f".st-key-{measure.key} {{ {place}; }}")
    st.html(f"<style>{' '.join(rules)}</style>")


def _describe(feature: str, spreads: list[Spread], locale: Locale) -> str:
    """Return a strip in words."""
    quarters = {
        f"{spread.label}_{end}": spread.quantiles[quantile]
        for spread in spreads
        for end, quantile in (("low", "0.25"), ("high", "0.75"))
    }
    return locale("predict_strip", feature=locale(feature), **quarters)


def _answer(prediction: Prediction, locale: Locale) -> DeltaGenerator:
    """Draw the answer; return the caption below it."""
    shown = {"probability": prediction.probability, "threshold": prediction.threshold}
    st.header(locale(f"predict_{prediction.label}"), anchor=False, text_alignment="center")
    draw(charts.gauge, charts.gauge_rows(prediction), locale, key="gauge", alt=locale("predict_gauge", **shown))
    below = st.empty()
    below.caption(_rule(prediction, locale), text_alignment="center")
    return below


def _rule(prediction: Prediction, locale: Locale) -> str:
    return locale("predict_rule", threshold=prediction.threshold)


def _why(explanation: Explanation, locale: Locale) -> None:
    st.header(locale("predict_why"), anchor=False)
    text = locale("predict_why_text", base=explanation.base, probability=explanation.prediction.probability)
    st.write(text)
    rows = charts.contribution_rows(explanation.contributions, locale)
    draw(charts.contributions, rows, locale, key="why", alt=text)


def _protocols(clients: Clients, song: Song, locale: Locale) -> None:
    ways: Clients = {OWN: predictor(), **clients}
    names = {OWN: locale("predict_own"), ALL: locale("predict_all")}
    chosen = _way(clients).segments(locale("predict_way"), lambda way: names.get(way, way))
    asked = ask(ways if chosen == ALL else {chosen: ways[chosen]}, song)
    copies = requests(song, settings(), model_settings())
    for column, answered in zip(st.columns(len(asked)), asked, strict=True):
        with column.container(border=True):
            _show(answered, names.get(answered.way, answered.way), locale)
    for answered in asked:
        if len(asked) > 1:
            st.caption(names.get(answered.way, answered.way))
        for language, text in copies[answered.way]:
            st.code(text, language=language, wrap_lines=True)


def _show(asked: Answer, name: str, locale: Locale) -> None:
    st.caption(name)
    if asked.prediction is None:
        st.markdown(f":material/cloud_off: **{locale('predict_down' if asked.is_down else 'predict_no_model')}**")
        return
    icon = ":material/thumb_up:" if asked.prediction.liked else ":material/thumb_down:"
    st.markdown(f"{icon} **{locale.percent(asked.prediction.probability, 2)}**")
    version = asked.prediction.model.version
    st.caption(locale("predict_latency", milliseconds=asked.milliseconds, version=version))


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
    return Preset(song, bool(row[LABEL] == 1), float(row["probability"]), bool(row["predicted"] == row[LABEL]))
