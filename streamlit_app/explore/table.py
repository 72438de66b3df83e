"""The songs in their own units: filtered, sorted, as a table and as CSV."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from song_preference.dataset.version import ScalerRange
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE
from song_preference.song_table.output import harmless
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import download, open_in_predict, taken_row, two_by_two
from streamlit_app.data import ANSWERS
from streamlit_app.i18n import Locale

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

UNITS = ("duration", "tempo", "loudness")
OTHERS_OF_SPOTIFY = ("valence", "instrumentalness", "liveness", "key", "mode", "time_signature")

SINGLE_PRECISION = 2**-24
"""The distance of neighbouring float32 numbers just below 1."""

SHORTEST_IN_MILLISECONDS = 10_000
"""Spotify counts milliseconds; a playlist whose longest song has fewer was written in another unit."""

MISSING = "\N{EN DASH}"

Range = tuple[float, float]

TABLE_ROWS = 500
"""Greatest number of rows in the table: more take long to format."""

NAMING = 2
"""Columns of text that name a song, such as title and artist."""

STEPS = [step / 20 for step in range(21)]
"""Values that the ends of a range can take."""

RANGES: list[Range] = [(low, high) for low in STEPS for high in STEPS if low <= high]

ANY, OWN = "any", "own"
"""Choices of a filter and of an order: songs of either label, and the order of the playlist."""

TAKE = "explore_take"
LABELS = Choice("label", "explore_label", [ANY, LIKE, DISLIKE], ANY)
ORDER = Choice("order", "explore_order", [OWN, *FEATURES], OWN)
WRONG = Choice("wrong", "explore_wrong", [False, True], default=False)
MEASURES = [Choice(feature, f"explore_{feature}", RANGES, (0.0, 1.0)) for feature in FEATURES]
FILTERS = [LABELS, ORDER, WRONG, *MEASURES]


@st.fragment
def song_table(songs: pd.DataFrame, version: str, locale: Locale) -> None:
    """Draw the table of songs `with_answers` and its filters; a filter leaves the rest of the page as it is."""
    st.header(locale("explore_table"), anchor=False)
    label, order = _label_and_order(locale)
    rows = chosen(songs, label, _ranges(locale), order)
    is_known = songs["predicted"].notna().any()
    if is_known and st.toggle(locale("explore_wrong"), key=WRONG.key, on_change=address.push, persist_state="session"):
        rows = rows[rows["predicted"].notna() & (rows["predicted"] != rows[LABEL])]
    address.write()
    songs, rows = songs.drop(columns=list(ANSWERS)), rows.drop(columns=list(ANSWERS))
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(locale("explore_left", left=len(rows), songs=len(songs)))
    with right:
        name = f"songs-{version}.csv"
        download(locale("explore_download"), lambda: as_csv(rows), name, disabled=rows.empty, width="stretch")
    if rows.empty:
        st.info(locale("explore_none"), icon=":material/filter_alt_off:")
        return
    _table(rows.head(TABLE_ROWS), songs, locale)
    if len(rows) > TABLE_ROWS:
        st.caption(locale("explore_first", shown=TABLE_ROWS))


def _table(rows: pd.DataFrame, songs: pd.DataFrame, locale: Locale) -> None:
    names = column_names(songs, locale)
    shown = readable(rows.assign(take=locale("take")), locale, in_minutes=in_milliseconds(songs))
    button = st.column_config.ButtonColumn(locale("take"), type="tertiary", key=TAKE, help=locale("take_help"))
    st.dataframe(
        shown, hide_index=True, column_order=["take", *names], column_config={**names, "take": button}, height=420
    )
    texts = [name for name in names if not pd.api.types.is_numeric_dtype(rows[name])]
    row = taken_row(TAKE, rows[texts[:NAMING] or list(FEATURES)], locale)
    if row is not None:
        open_in_predict(rows.iloc[row][list(FEATURES)])


def _label_and_order(locale: Locale) -> tuple[int | None, str | None]:
    own = locale("explore_order_own")
    left, right = st.columns(2)
    with left:
        label = LABELS.segments(locale(LABEL), lambda name: locale("explore_any" if name == ANY else name))
    with right:
        order = ORDER.select(
            locale("explore_order"),
            lambda name: own if name == OWN else locale("explore_order_by", feature=locale(name)),
        )
    return {LIKE: 1, DISLIKE: 0}.get(label), None if order == OWN else order


def _ranges(locale: Locale) -> dict[str, Range]:
    """Draw a slider for each feature and return the ranges that they are set to."""
    ranges = {}
    for measure, column in zip(MEASURES, two_by_two(), strict=True):
        with column:
            ranges[measure.name] = measure.slider(locale(measure.name), STEPS, lambda value: locale.number(value, 2))
    return ranges


def unscaled(scaled: pd.DataFrame, ranges: Mapping[str, ScalerRange]) -> pd.DataFrame:
    """Return the rows with the columns of `ranges`, which are scaled to [0, 1], in the listener's own units.

    They are rounded to what float32 can tell, so that 204,600 ms do not come back as 204,600.02.
    """
    columns = {}
    for name, found in ranges.items():
        width = found.max - found.min
        values = scaled[name].astype("float64") * width + found.min
        columns[name] = values.round(math.floor(-math.log10(SINGLE_PRECISION * width))) if width else values
    return scaled.assign(**columns)


def chosen(songs: pd.DataFrame, label: int | None, ranges: Mapping[str, Range], order: str | None) -> pd.DataFrame:
    """Return the songs with this label (None for any) and features within `ranges`, sorted by `order`, descending.

    Without `order` they stay as they are.
    """
    kept = pd.Series(data=True, index=songs.index) if label is None else songs[LABEL] == label
    for name, (low, high) in ranges.items():
        kept &= songs[name].between(low, high)
    rows = songs[kept]
    return rows if order is None else rows.sort_values(order, ascending=False, kind="stable")


def as_csv(songs: pd.DataFrame) -> bytes:
    """Return the songs as CSV in UTF-8 with a header; every text is `harmless`."""
    written = songs.copy()
    for name in songs.select_dtypes(exclude="number"):
        written[name] = songs[name].map(harmless, na_action="ignore")
    return written.rename(columns=harmless).to_csv(index=False).encode()


def column_names(songs: pd.DataFrame, locale: Locale) -> dict[str, str]:
    """Return the title of each column by its name, in the order to show them: the texts that name a song come first."""
    known = {
        LABEL: locale(LABEL),
        **{name: locale(name) for name in FEATURES},
        **{name: locale(f"explore_column_{name}") for name in (*UNITS, *OTHERS_OF_SPOTIFY) if name in songs},
    }
    if in_milliseconds(songs):
        known["duration"] = locale("explore_column_minutes")
    unknown = [name for name in songs.columns if name not in known]
    texts = [name for name in unknown if not pd.api.types.is_numeric_dtype(songs[name])]
    return {name: known.get(name, name) for name in dict.fromkeys([*texts, *known, *unknown])}


def readable(songs: pd.DataFrame, locale: Locale, *, in_minutes: bool) -> "Styler":
    """Return the rows with labels in words and numbers in the language's format.

    `in_minutes` is to be decided by all songs (`in_milliseconds`), not by those chosen.
    """
    labels = songs[LABEL].map({1: locale(LIKE), 0: locale(DISLIKE)})
    numbers = [name for name in songs.columns if name != LABEL and pd.api.types.is_numeric_dtype(songs[name])]
    decimals = {name: 3 if pd.api.types.is_float_dtype(songs[name]) else 0 for name in numbers}
    decimals |= {"tempo": 0, "loudness": 1}
    formats: dict[str, Callable[[Any], str]] = {
        name: partial(locale.number, decimals=decimals[name]) for name in numbers
    }
    if in_minutes:
        formats["duration"] = minutes
    return songs.assign(**{LABEL: labels}).style.format({**formats}, na_rep=MISSING)


def in_milliseconds(songs: pd.DataFrame) -> bool:
    """Return whether durations are in milliseconds, so that they can be shown in minutes."""
    return bool(songs["duration"].max() > SHORTEST_IN_MILLISECONDS)


def minutes(milliseconds: float) -> str:
    """Return minutes and seconds, such as 3:05."""
    whole, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{whole}:{seconds:02d}"
