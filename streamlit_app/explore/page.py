"""Explore the playlist: where it came from, how its songs are distributed, what the model predicts, each song."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from song_preference.dataset.version import DatasetVersion, ScalerRange, Source, Spread
from song_preference.features import FEATURES, LABEL
from song_preference.prediction import Batch
from streamlit_app.components import plain, section
from streamlit_app.data import KEPT_ANSWERS
from streamlit_app.data.model import predictor
from streamlit_app.data.playlist import latest_dataset, spreads, table
from streamlit_app.explore import charts
from streamlit_app.explore.plane import Plane
from streamlit_app.explore.table import song_table, two_by_two, unscaled
from streamlit_app.explore.texts import TEXTS
from streamlit_app.i18n import Language, Words
from streamlit_app.theme import colours, draw, draw_rows

FIRST_FEATURE = 1
"""Position of energy and, among the others, of danceability: songs differ more by these than by spoken words."""


def page(language: Language) -> None:
    """Draw the page."""
    words = Words(language, TEXTS)
    st.title(words("explore_title"), anchor=False)
    with section(words):
        version = latest_dataset()
        _dataset(version, words)
        _distributions(spreads(version.version), words)
        songs = _songs(version.version, version.preparation.scaler)
        total = version.preparation.rows_kept
        if len(songs) < total:
            st.info(words("explore_part", shown=words.number(len(songs)), songs=words.number(total)))
        _correlations(songs, words)
        _plane(songs, words)
        song_table(songs, version.version, words)


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def _songs(version: str, _ranges: Mapping[str, ScalerRange]) -> pd.DataFrame:
    return unscaled(table(version, "scaled"), _ranges)


def _dataset(version: DatasetVersion, words: Words) -> None:
    songs = version.preparation
    st.write(words("explore_intro", songs=words.number(songs.rows_kept)))
    text = words("explore_bar", likes=words.number(songs.likes), dislikes=words.number(songs.dislikes))
    draw(charts.proportion(songs.likes, songs.dislikes, colours(), words), words, key="proportion", alt=text)
    st.caption(words("explore_origin", source=origin(version.source, words), moment=words.moment(version.created_at)))
    with st.expander(words("explore_details")):
        st.markdown("\n\n".join(f"**{name}**  \n{plain(value)}" for name, value in facts(version, words).items()))


def _distributions(found: list[Spread], words: Words) -> None:
    st.header(words("explore_distributions"), anchor=False)
    st.write(words("explore_distributions_intro"))
    for feature, column in zip(FEATURES, two_by_two(), strict=True):
        with column:
            _distribution(feature, [spread for spread in found if spread.feature == feature], words)


def _distribution(feature: str, of_feature: list[Spread], words: Words) -> None:
    middles = {spread.label: words.number(spread.quantiles["0.5"], 2) for spread in of_feature}
    text = words("explore_medians", **middles)
    st.subheader(words(feature), anchor=False)
    drawing = charts.distribution(colours(), words)
    draw_rows(charts.distribution_rows(of_feature), drawing, key=f"spread_{feature}", alt=f"{words(feature)}. {text}")
    st.caption(f"{words(f'{feature}_help')}  \n{text}")


def _correlations(songs: pd.DataFrame, words: Words) -> None:
    found = charts.correlations(songs)
    st.header(words("explore_correlations"), anchor=False)
    st.write(words("explore_correlations_intro"))
    text = _strongest(found, words)
    st.write(text)
    drawing = charts.correlation_map(colours(), words)
    rows = charts.correlation_rows(found, words)
    draw_rows(rows, drawing, key="correlations", alt=text.replace("**", ""))


def _strongest(found: pd.DataFrame, words: Words) -> str:
    """Return which feature is most closely related to the label, in Markdown; empty if none is."""
    with_label = found[found["row"] == LABEL]
    if with_label.empty:
        return ""
    _, feature, value = with_label.iloc[0]
    return words(
        "explore_more" if value > 0 else "explore_less",
        feature=words(feature),
        value=f"{'+' if value > 0 else charts.MINUS}{words.number(abs(value), 2)}",
    )


@st.fragment
def _plane(songs: pd.DataFrame, words: Words) -> None:
    """Draw the songs by two features of the listener's choice; a choice leaves the rest of the page as it is."""
    st.header(words("explore_plane"), anchor=False)
    left, right = st.columns(2)
    x = left.selectbox(words("explore_x"), FEATURES, FIRST_FEATURE, format_func=words, key="explore_x")
    others = [feature for feature in FEATURES if feature != x]
    y = right.selectbox(words("explore_y"), others, FIRST_FEATURE, format_func=words, key="explore_y")
    plane, answers = Plane.through(songs, x, y), None
    with section(words):
        answers = predictor().predict_rows(plane.corners())
        st.write(_surface(plane, answers, words))
    drawing = charts.scatter(colours(), words, plane.x, plane.y, has_surface=answers is not None)
    text = words("explore_songs_alt", x=words(x), y=words(y))
    draw_rows(charts.scatter_rows(songs, plane, answers), drawing, key="plane", alt=text)
    if len(songs) > charts.SHOWN_SONGS:
        st.caption(words("explore_sampled", shown=words.number(charts.SHOWN_SONGS), songs=words.number(len(songs))))


def _surface(plane: Plane, answers: Batch, words: Words) -> str:
    held = " · ".join(f"{words(name)} {words.number(value, 2)}" for name, value in plane.held.items())
    threshold = words.number(answers.threshold, 2)
    is_parted = 0 < answers.liked.sum() < len(answers.liked)
    line = words("explore_border", threshold=threshold) if is_parted else words("explore_one_sided")
    return f"{words('explore_surface', held=held)} {line}"


def facts(version: DatasetVersion, words: Words) -> dict[str, str]:
    """Return what is known of a dataset version, by the fact's name."""
    source, songs, split = version.source, version.preparation, version.split
    parts = {"train": words.number(split.train), "test": words.number(split.test)}
    found = {
        words("version"): version.version,
        words("explore_source"): source.uri,
        words("explore_size"): f"{words.number(source.size_bytes)} bytes",
        words("explore_checksum"): source.sha256,
        words("explore_rows"): _rows(songs.rows_raw, songs.rows_kept, words),
        words("explore_split"): words(
            "explore_split_text", **parts, share=words.percent(split.test / (split.train + split.test))
        ),
        words("explore_seed"): str(version.parameters.seed),
        words("explore_readings"): "; ".join(note.text(words.language) for note in songs.notes())
        or words("explore_as_written"),
    }
    if fallback := source.fallback_message():
        found[words("explore_fallback")] = fallback.text(words.language)
    return found


def _rows(raw: int, kept: int, words: Words) -> str:
    counts = {"raw": raw, "dropped": raw - kept, "kept": kept}
    key = "explore_rows_text" if raw > kept else "explore_rows_all"
    return words(key, **{name: words.number(count) for name, count in counts.items()})


def origin(source: Source, words: Words) -> str:
    """Return where the songs came from, in Markdown."""
    name = source.uri.rstrip("/").rsplit("/", 1)[-1].replace("`", "")
    # An upload is stored under its digest, which says nothing to a listener.
    if source.kind == "s3" and source.sha256.startswith(name.removesuffix(".csv")):
        return words("explore_source_uploaded")
    return words(f"explore_source_{source.kind}", name=f"`{name}`")
