"""Explore the playlist: where it came from, how its songs are spread, what the model makes of them, each song."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from song_preference.dataset.spread import Spread
from song_preference.dataset.version import DatasetVersion, ScalerRange
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE
from song_preference.serving.predictor import Batch
from streamlit_app import sources
from streamlit_app.charts import explore as charts
from streamlit_app.charts import explore_markup as markup
from streamlit_app.charts.explore_scatter import SHOWN_SONGS, scatter, scatter_rows
from streamlit_app.charts.explore_surface import Plane
from streamlit_app.dataset_facts import facts, file_name
from streamlit_app.look import colours, draw_rows
from streamlit_app.parts import part
from streamlit_app.songs_table import Range, as_csv, chosen, column_names, readable, unscaled
from streamlit_app.words import Words

TABLE_ROWS = 500
"""Shown at once; as many are written in the language in a moment."""

ANY = "any"

START = 1
"""Energy and, of the others, danceability: songs spread wider by these than by spoken words."""

STEPS = [step / 20 for step in range(21)]
"""What the ends of a range can be set to."""


def page(words: Words) -> None:
    """Draw the page."""
    st.title(words("explore_title"))
    with part(words):
        version = sources.latest_dataset()
        _dataset(version, words)
        _distributions(sources.spreads(version.version), words)
        songs = _songs(version.version, version.preparation.scaler)
        total = version.preparation.rows_kept
        _correlations(songs, words)
        _plane(songs, words)
        _table(songs, total, version.version, words)


@st.cache_data(max_entries=sources.KEPT_TABLES, show_spinner=False)
def _songs(version: str, _ranges: Mapping[str, ScalerRange]) -> pd.DataFrame:
    return unscaled(sources.table(version, "scaled"), _ranges)


def _dataset(version: DatasetVersion, words: Words) -> None:
    songs = version.preparation
    st.write(words("explore_intro", songs=words.number(songs.rows_kept)))
    st.html(markup.proportion(songs.likes, songs.dislikes, colours(), words))
    source = words(f"explore_source_{version.source.kind}", name=file_name(version.source))
    st.caption(words("explore_origin", source=source, moment=words.moment(_local(version.created_at))))
    with st.expander(words("explore_details"), icon=":material/info:"):
        st.html(markup.details(facts(version, words)))


def _local(moment: datetime) -> datetime:
    """The same moment by the browser's clock."""
    minutes_behind = st.context.timezone_offset or 0
    return moment.astimezone(timezone(-timedelta(minutes=minutes_behind)))


def _distributions(spreads: list[Spread], words: Words) -> None:
    st.header(words("explore_distributions"))
    st.write(words("explore_distributions_intro"))
    st.html(markup.distribution_legend(colours(), words))
    for feature, column in zip(FEATURES, _two_by_two(), strict=True):
        with column:
            _distribution(feature, [spread for spread in spreads if spread.feature == feature], words)


def _distribution(feature: str, spreads: list[Spread], words: Words) -> None:
    middles = {spread.label: words.number(spread.quantiles["0.5"], 2) for spread in spreads}
    told = words("explore_medians", **middles)
    st.subheader(words(feature))
    drawing = charts.distribution(colours(), words)
    draw_rows(charts.distribution_rows(spreads), drawing, key=f"spread_{feature}", alt=f"{words(feature)}. {told}")
    st.caption(f"{words(f'predict_{feature}_help')}  \n{told}")


def _two_by_two() -> list[DeltaGenerator]:
    """Row by row, so that on a phone, where columns stand below each other, the order stays."""
    return [*st.columns(2, gap="large"), *st.columns(2, gap="large")]


def _correlations(songs: pd.DataFrame, words: Words) -> None:
    found = charts.correlations(songs)
    st.header(words("explore_correlations"))
    st.write(words("explore_correlations_intro"))
    told = _told(found, words)
    st.write(told)
    drawing = charts.correlation_map(colours(), words)
    draw_rows(charts.correlation_rows(found, words), drawing, key="correlations", alt=told)


def _told(found: pd.DataFrame, words: Words) -> str:
    """The feature that goes most with the label."""
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
    """Two features of the listener's choice; the rest of the page stays as it is."""
    st.header(words("explore_plane"))
    left, right = st.columns(2)
    x = left.selectbox(words("explore_x"), FEATURES, START, format_func=words, key="explore_x")
    others = [feature for feature in FEATURES if feature != x]
    y = right.selectbox(words("explore_y"), others, START, format_func=words, key="explore_y")
    plane, answers = Plane.through(songs, x, y), None
    with part(words):
        answers = sources.predictor().predict_rows(plane.corners())
        st.write(_surface_told(plane, answers, words))
    st.html(markup.scatter_legend(colours(), words, has_surface=answers is not None))
    drawing = scatter(colours(), words, plane.x, plane.y)
    told = words("explore_songs_alt", x=words(x), y=words(y))
    draw_rows(scatter_rows(songs, plane, answers), drawing, key="plane", alt=told)
    if len(songs) > SHOWN_SONGS:
        st.caption(words("explore_sampled", shown=words.number(SHOWN_SONGS), songs=words.number(len(songs))))


def _surface_told(plane: Plane, answers: Batch, words: Words) -> str:
    held = " · ".join(f"{words(name)} {words.number(value, 2)}" for name, value in plane.held.items())
    told = words("explore_surface", held=held, threshold=words.number(answers.threshold, 2))
    return told if 0 < answers.liked.sum() < len(answers.liked) else f"{told} {words('explore_one_sided')}"


@st.fragment
def _table(songs: pd.DataFrame, total: int, version: str, words: Words) -> None:
    """The songs that the listener picks out; the rest of the page stays as it is."""
    st.header(words("explore_table"))
    if len(songs) < total:
        st.caption(words("explore_part", shown=words.number(len(songs)), songs=words.number(total)))
    label, order = _label_and_order(words)
    rows = chosen(songs, label, _ranges(words), order)
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(f"**{words('explore_left', left=words.number(len(rows)), songs=words.number(len(songs)))}**")
    right.download_button(
        words("explore_download"),
        lambda: as_csv(rows),
        f"songs-{version}.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        disabled=rows.empty,
        width="stretch",
    )
    if rows.empty:
        st.info(words("explore_none"), icon=":material/filter_alt_off:")
        return
    names = column_names(songs, words)
    shown = readable(rows.head(TABLE_ROWS), words)
    st.dataframe(shown, hide_index=True, column_order=list(names), column_config=names, height=420)
    if len(rows) > TABLE_ROWS:
        st.caption(words("explore_first", shown=words.number(TABLE_ROWS)))


def _label_and_order(words: Words) -> tuple[int | None, str | None]:
    left, right = st.columns(2, vertical_alignment="bottom")
    labels = {ANY: words("explore_any"), LIKE: words(LIKE), DISLIKE: words(DISLIKE)}
    label = left.segmented_control(
        words(LABEL), list(labels), default=ANY, format_func=labels.__getitem__, key="explore_label", required=True
    )
    orders = {None: words("explore_order_own")} | {
        feature: words("explore_order_by", feature=words(feature)) for feature in FEATURES
    }
    order = right.selectbox(words("explore_order"), list(orders), format_func=orders.__getitem__, key="explore_order")
    return {LIKE: 1, DISLIKE: 0}.get(label), order


def _ranges(words: Words) -> dict[str, Range]:
    """What the sliders are set to."""
    return {
        feature: column.select_slider(
            words(feature),
            STEPS,
            (0.0, 1.0),
            format_func=lambda value: words.number(value, 2),
            key=f"explore_{feature}",
        )
        for feature, column in zip(FEATURES, _two_by_two(), strict=True)
    }
