"""Explore the playlist: where it came from, how its songs are distributed, what the model predicts, each song."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from song_preference.dataset.version import NAME_LENGTH, DatasetVersion, ScalerRange, Source
from song_preference.features import DISLIKE, FEATURES, LABEL, LIKE, SONG_KEY
from song_preference.prediction import Batch
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import plain, reporting, section, two_by_two
from streamlit_app.data import KEPT_ANSWERS, predictor, with_answers
from streamlit_app.data.playlist import Spreads, dataset, management, own_dataset, spreads, table
from streamlit_app.explore import charts
from streamlit_app.explore.table import FILTERS, song_table, unscaled
from streamlit_app.i18n import Locale
from streamlit_app.theme import draw

FIRST_FEATURE = 1
"""Position of energy and, among the others, of danceability: songs differ more by these than by spoken words."""

ACROSS = Choice("x", "explore_x", FEATURES, "energy")
UPWARDS = Choice("y", "explore_y", FEATURES, "danceability")


def page(locale: Locale) -> None:
    """Draw the page."""
    address.restore([ACROSS, UPWARDS, *FILTERS])
    st.title(locale("explore_title"), anchor=False)
    with section(locale):
        version = own_dataset()
        _dataset(version, locale)
        _distributions(spreads(version.version), locale)
        songs = _songs(version.version, version.preparation.scaler)
        total = version.preparation.rows_kept
        if len(songs) < total:
            st.info(locale("explore_part", shown=len(songs), songs=total))
        _correlations(songs, locale)
        answered = with_answers(songs)
        _plane(answered, locale)
        song_table(answered, version.version, locale)


@st.cache_data(max_entries=KEPT_ANSWERS, show_spinner=False)
def _songs(version: str, _scaler: Mapping[str, ScalerRange]) -> pd.DataFrame:
    return unscaled(table(version, "scaled"), _scaler).drop(columns=SONG_KEY, errors="ignore")


def _dataset(version: DatasetVersion, locale: Locale) -> None:
    counts = {LIKE: version.preparation.likes, DISLIKE: version.preparation.dislikes}
    songs = version.preparation
    key = "explore_intro" if songs.rows_kept == songs.rows_raw else "explore_intro_of_rows"
    st.write(locale(key, name=plain(version.name), songs=songs.rows_kept, rows=songs.rows_raw))
    names = (
        locale("explore_counted", label=locale(label), songs=songs, share=songs / sum(counts.values()))
        for label, songs in counts.items()
    )
    rows = pd.DataFrame({"label": list(counts), "songs": list(counts.values())})
    draw(charts.proportion, rows, locale, *names, key="proportion", alt=locale("explore_bar", **counts))
    st.caption(locale("explore_origin", source=origin(version.source, locale), moment=version.created_at))
    with st.expander(locale("explore_details")):
        _rename(version, locale)
        st.markdown("\n\n".join(f"**{name}**  \n{plain(value)}" for name, value in facts(version, locale).items()))


def _rename(version: DatasetVersion, locale: Locale) -> None:
    """Draw the list's name, which can be edited."""

    # Another list, or another name given elsewhere, is another field.
    key = f"explore_name_{version.version}_{version.name}"

    def rename() -> None:
        name = st.session_state[key].strip()
        if name and name != version.name:
            with reporting(locale):
                management().rename(version.version, name)
                dataset.clear()

    st.text_input(locale("explore_name"), version.name, NAME_LENGTH, key=key, on_change=rename)


def _distributions(found: Spreads, locale: Locale) -> None:
    st.header(locale("explore_distributions"), anchor=False)
    st.write(locale("explore_distributions_intro"))
    for feature, column in zip(FEATURES, two_by_two(), strict=True):
        medians = locale("explore_medians", **{spread.label: spread.quantiles["0.5"] for spread in found[feature]})
        with column:
            st.subheader(locale(feature), anchor=False)
            rows, text = charts.distribution_rows(found[feature]), f"{locale(feature)}. {medians}"
            draw(charts.distribution, rows, locale, key=f"spread_{feature}", alt=text)
            st.caption(f"{locale(f'{feature}_help')}  \n{medians}")


def _correlations(songs: pd.DataFrame, locale: Locale) -> None:
    found = charts.correlations(songs)
    st.header(locale("explore_correlations"), anchor=False)
    st.write(locale("explore_correlations_intro"))
    text = _strongest(found, locale)
    st.write(text)
    rows = charts.correlation_rows(found, locale)
    draw(charts.correlation_map, rows, locale, key="correlations", alt=text.replace("**", ""))


def _strongest(found: pd.DataFrame, locale: Locale) -> str:
    """Return which feature is most closely related to the label, in Markdown; empty if none is."""
    with_label = found[found["row"] == LABEL]
    if with_label.empty:
        return ""
    _, feature, value = with_label.iloc[0]
    return locale("explore_more" if value > 0 else "explore_less", feature=locale(feature), value=abs(value))


@st.fragment
def _plane(songs: pd.DataFrame, locale: Locale) -> None:
    """Draw the songs by two features of the listener's choice; a choice leaves the rest of the page as it is."""
    st.header(locale("explore_plane"), anchor=False)
    left, right = st.columns(2)
    with left:
        x = ACROSS.select(locale(ACROSS.key), locale)
    others = [feature for feature in FEATURES if feature != x]
    if st.session_state[UPWARDS.key] == x:
        st.session_state[UPWARDS.key] = others[FIRST_FEATURE]
    with right:
        y = UPWARDS.select(locale(UPWARDS.key), locale, others)
    plane, answers = charts.Plane.through(songs, x, y), None
    with section(locale):
        answers = predictor().predict_rows(plane.corners())
        st.write(_surface(plane, answers, locale))
    if (known := songs["predicted"].notna()).any():
        missed = int((songs["predicted"] != songs[LABEL])[known].sum())
        st.write(locale("explore_missed", missed=missed, songs=int(known.sum()), share=missed / known.sum()))
    rows, text = charts.scatter_rows(songs, plane, answers), locale("explore_songs_alt", x=locale(x), y=locale(y))
    draw(charts.scatter, rows, locale, plane.x, plane.y, answers is not None, key="plane", alt=text)
    if len(songs) > charts.SHOWN_SONGS:
        st.caption(locale("explore_sampled", shown=charts.SHOWN_SONGS, songs=len(songs)))
    address.write()


def _surface(plane: charts.Plane, answers: Batch, locale: Locale) -> str:
    held = " · ".join(f"{locale(name)} {locale.number(value, 2)}" for name, value in plane.held.items())
    is_parted = 0 < answers.liked.sum() < len(answers.liked)
    line = locale("explore_border" if is_parted else "explore_one_sided", threshold=answers.threshold)
    return f"{locale('explore_surface', held=held)} {line}"


def facts(version: DatasetVersion, locale: Locale) -> dict[str, str]:
    """Return what is known of a dataset version, by the fact's name."""
    source, songs, split = version.source, version.preparation, version.split
    dropped = songs.rows_raw - songs.rows_kept
    found = {
        locale("version"): version.version,
        locale("explore_source"): source.uri,
        locale("explore_size"): f"{locale.number(source.size_bytes)} bytes",
        locale("explore_checksum"): source.sha256,
        locale("explore_rows"): locale(
            "explore_rows_text" if dropped else "explore_rows_all",
            raw=songs.rows_raw,
            dropped=dropped,
            kept=songs.rows_kept,
        ),
        locale("explore_split"): locale(
            "explore_split_text", train=split.train, test=split.test, share=split.test / (split.train + split.test)
        ),
        locale("explore_seed"): str(version.parameters.seed),
        locale("explore_readings"): "; ".join(note.text(locale.language) for note in songs.notes())
        or locale("explore_as_written"),
    }
    if fallback := source.fallback_message():
        found[locale("explore_fallback")] = fallback.text(locale.language)
    return found


def origin(source: Source, locale: Locale) -> str:
    """Return where the songs came from, in Markdown."""
    name = source.uri.rstrip("/").rsplit("/", 1)[-1].replace("`", "")
    # An upload is stored in a folder that its digest names, or was stored under the digest alone.
    if source.kind == "s3" and source.sha256[:32] in source.uri:
        return locale("explore_source_uploaded")
    return locale(f"explore_source_{source.kind}", name=f"`{name}`")
