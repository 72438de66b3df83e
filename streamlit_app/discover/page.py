"""Discover songs of the catalogue that the listener would like: filtered, taken to *Predict*, and exported."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import streamlit as st

from song_preference.errors import CatalogueNotFound
from song_preference.serving.song_index import SongIndex
from song_preference.serving.songs import CatalogueSong, Found, Spans, Wishes
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import because, linked, open_in_predict, plain, section
from streamlit_app.data.catalogue import catalogue, genres_and_spans
from streamlit_app.discover import load
from streamlit_app.discover.export import as_csv, as_m3u, links
from streamlit_app.i18n import Language, Locale, texts

TEXTS = texts("discover")

ALL = ""
"""The choice of any genre."""

COUNTS, COUNT = (10, 20, 50, 100), 20
POPULARITY_STEPS = 10
MOST_YEARS = 150


class Filters(NamedTuple):
    """The choices that the catalogue allows; None for those that it has no values for."""

    genre: Choice | None
    years: Choice | None
    popularity: Choice | None
    sort: Choice | None
    songs: Choice

    @classmethod
    def of(cls, catalogue: str, genres: Sequence[str], spans: Spans) -> "Filters":
        """Return the choices for a catalogue; another one has others, so its name is part of their keys."""

        def choice(name: str, options: Sequence[object], default: object) -> Choice:
            return Choice(name, f"discover_{name}_{catalogue}", options, default)

        # A file may have a song of the year 1000 by mistake, and each pair is a choice.
        first, last = spans.years or (1, 0)
        years = range(max(first, last - MOST_YEARS), last + 1)
        pairs = [(first, last) for first in years for last in years if first <= last]
        levels = popularity_levels(*spans.popularity) if spans.popularity else []
        return cls(
            genre=choice("genre", [ALL, *genres], ALL) if genres else None,
            years=choice("years", pairs, (years[0], last)) if len(years) > 1 else None,
            popularity=choice("popularity", levels, levels[0]) if len(levels) > 1 else None,
            sort=choice("sort", ["probability", "popularity"], "probability") if len(levels) > 1 else None,
            songs=choice("songs", COUNTS, COUNT),
        )


def popularity_levels(least: float, most: float) -> list[float]:
    """Return the least popularities to choose from: whole numbers from the least to the greatest."""
    step = (most - least) / POPULARITY_STEPS
    return sorted({float(round(least + step * number)) for number in range(POPULARITY_STEPS)})


def page(language: Language) -> None:
    """Draw the page."""
    locale = Locale(language, TEXTS)
    index = catalogue().current
    filters = None
    with section(locale):
        if index:
            filters = Filters.of(index.catalogue, *genres_and_spans(str(index.path)))
            address.restore(choice for choice in filters if choice)
    st.title(locale("discover_title"), anchor=False)
    st.write(locale("discover_intro"))
    load.follow_import(locale)
    if index and filters:
        _songs(index, filters, locale)
        with st.expander(locale("discover_another"), icon=":material/library_add:"):
            load.form(locale)
    else:
        load.first_steps(locale)


@st.fragment
def _songs(index: SongIndex, filters: Filters, locale: Locale) -> None:
    """Draw the filters and the songs; a filter leaves the rest of the page as it is."""
    asked = _asked(filters, locale)
    with section(locale):
        try:
            found = catalogue().recommend(asked)
        except CatalogueNotFound:  # somebody removed it
            st.rerun()
        if found.origin.stale:
            st.caption(locale("discover_stale", version=found.origin.model))
        if found.songs:
            _exports(found, locale)
            for number, song in enumerate(found.songs):
                _song(number, song, locale)
        else:
            st.write(locale("discover_none"))
        st.caption(locale("discover_of", songs=index.songs))
    address.write()


def _asked(filters: Filters, locale: Locale) -> Wishes:
    """Draw the filters and return what they are set to."""
    asked: dict[str, object] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if filters.genre:
            name = locale("discover_any_genre")
            chosen = st.selectbox(
                locale("discover_genre"),
                filters.genre.options,
                format_func=lambda genre: genre or name,
                key=filters.genre.key,
                on_change=address.push,
                persist_state="session",
            )
            asked["genre"] = chosen or None
        if filters.years:
            first, last = filters.years.default
            years = _slider(locale("discover_years"), filters.years, range(first, last + 1), str)
            if years != filters.years.default:
                asked["year_from"], asked["year_to"] = years
        if filters.popularity:
            least = _slider(
                locale("discover_popularity"), filters.popularity, filters.popularity.options, locale.number
            )
            asked["popularity_from"] = None if least == filters.popularity.default else least
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if filters.sort:
            asked["sort"] = _segments("discover_sort", filters.sort, locale)
        asked["limit"] = _segments("discover_count", filters.songs, locale)
    return Wishes.checked(asked)


def _slider(label: str, choice: Choice, options: Sequence[float], written: Callable[[float], str]) -> Any:
    return st.select_slider(
        label,
        options,
        st.session_state[choice.key],
        format_func=written,
        key=choice.key,
        on_change=address.push,
        persist_state="session",
    )


def _segments(label: str, choice: Choice, locale: Locale) -> Any:
    return st.segmented_control(
        locale(label),
        choice.options,
        default=choice.default,
        format_func=lambda option: locale(f"{label}_{option}") if isinstance(option, str) else str(option),
        key=choice.key,
        required=True,
        on_change=address.push,
        persist_state="session",
    )


def _song(number: int, song: CatalogueSong, locale: Locale) -> None:
    facts = [plain(str(fact)) for fact in (song.album, song.year, song.genre) if fact]
    if song.reason:
        facts.append(because(song.reason, song.features, locale))
    lines = [f"{linked(song.title, song.spotify_url)} — {plain(song.artist)}"]
    lines += [f":small[{' · '.join(facts)}]"] if facts else []
    with st.container(horizontal=True, vertical_alignment="center", border=True, wrap=False):
        st.markdown("  \n".join(lines), width="stretch")
        st.markdown(f"**{locale.percent(song.probability, 1)}**", width="content")
        if st.button(locale("take"), key=f"discover_take_{number}"):
            open_in_predict(song.features.row(), song.id)


def _exports(found: Found, locale: Locale) -> None:
    """Draw the ways to take the songs elsewhere."""
    with st.container(horizontal=True):
        if urls := links(found.songs):
            with st.popover(locale("discover_links"), icon=":material/link:"):
                st.caption(locale("discover_links_text", songs=len(urls)))
                st.code("\n".join(urls), language=None, height=240)
        for name, content, mime in (("csv", as_csv, "text/csv"), ("m3u", as_m3u, "audio/x-mpegurl")):
            if urls or name == "csv":
                st.download_button(
                    locale(f"discover_{name}"),
                    content(found.songs),
                    locale(f"discover_{name}_file"),
                    mime,
                    key=f"discover_{name}",
                    on_click="ignore",
                    icon=":material/download:",
                )
