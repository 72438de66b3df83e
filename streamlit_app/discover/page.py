"""Discover songs of the catalogue that the listener would like: filtered, taken to *Predict*, and exported."""

from collections.abc import Sequence

import streamlit as st

from song_preference.errors import CatalogueNotFound
from song_preference.features import FEATURES
from song_preference.serving.song_index import SongIndex
from song_preference.serving.songs import CatalogueSong, Found, Spans, Wishes
from song_preference.song_table.output import harmless, written
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import because, download, linked, open_in_predict, plain, section
from streamlit_app.data.catalogue import catalogue, genres_and_spans, has_index
from streamlit_app.discover import load
from streamlit_app.i18n import Locale

ALL = ""
"""The choice of any genre."""

COUNTS, COUNT = (10, 20, 50, 100), 20
POPULARITY_STEPS = 10
MOST_YEARS = 150

NAMING = ("title", "artist", "album", "year", "genre", "popularity")
HEADER = (*NAMING, "probability", "reason", "spotify_url", *FEATURES, "id", "isrc")
DECIMALS = 6


Filters = dict[str, Choice]
"""Choices by name."""


def filters_of(catalogue: str, genres: Sequence[str], spans: Spans) -> Filters:
    """Return the filters that a catalogue has values for; another one has others, so its name is part of their keys."""
    # A file may have a song of the year 1000 by mistake, and each pair is a choice.
    first, last = spans.years or (0, 0)
    first = max(first, last - MOST_YEARS)
    years = [(start, end) for start in range(first, last + 1) for end in range(start, last + 1)]
    levels = popularity_levels(*spans.popularity or (0, 0))
    offered: dict[str, tuple[Sequence[object], object]] = {
        "genre": ([ALL, *genres], ALL),
        "years": (years, (first, last)),
        "popularity": (levels, levels[0]),
        "sort": (["probability", "popularity"] if len(levels) > 1 else [], "probability"),
        "songs": (COUNTS, COUNT),
    }
    return {
        name: Choice(name, f"discover_{name}_{catalogue}", options, default)
        for name, (options, default) in offered.items()
        if len(options) > 1
    }


def popularity_levels(least: float, most: float) -> list[float]:
    """Return the least popularities to choose from: whole numbers from the least to the greatest."""
    step = (most - least) / POPULARITY_STEPS
    return sorted({float(round(least + step * number)) for number in range(POPULARITY_STEPS)})


def page(locale: Locale) -> None:
    """Draw the page."""
    index = catalogue().current
    filters = None
    with section(locale):
        if index:
            filters = filters_of(index.catalogue, *genres_and_spans(str(index.path)))
            address.restore(filters.values())
    st.title(locale("discover_title"), anchor=False)
    st.write(locale("discover_intro"))
    load.follow_import(locale)
    if index and filters:
        _songs(index, filters, locale)
        with st.expander(locale("discover_another"), icon=":material/library_add:"):
            load.form(locale)
    else:
        st.header(locale("discover_empty"), anchor=False)
        st.markdown(locale("discover_empty_text"))
        load.form(locale, has_example=True)


@st.fragment
def _songs(index: SongIndex, filters: Filters, locale: Locale) -> None:
    """Draw the filters and the songs; a filter leaves the rest of the page as it is."""
    asked = _asked(filters, locale)
    with section(locale):
        try:
            found = catalogue().recommend(asked)
        except CatalogueNotFound as error:
            if not has_index():  # somebody removed it
                st.rerun()
            st.info(error.message.text(locale.language), icon=":material/hourglass_empty:")
        else:
            _list(found, locale)
        st.caption(locale("discover_of", songs=index.songs))
    address.write()


def _list(found: Found, locale: Locale) -> None:
    if found.origin.stale:
        st.caption(locale("discover_stale", version=found.origin.model))
    if not found.songs:
        st.write(locale("discover_none"))
        return
    _exports(found, locale)
    for number, song in enumerate(found.songs):
        _song(number, song, locale)


def _asked(filters: Filters, locale: Locale) -> Wishes:
    """Draw the filters and return what they are set to."""
    asked: dict[str, object] = {}
    any_genre = locale("discover_any_genre")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if genre := filters.get("genre"):
            asked["genre"] = genre.select(locale("discover_genre"), lambda name: name or any_genre) or None
        if years := filters.get("years"):
            first, last = years.default
            chosen = years.slider(locale("discover_years"), range(first, last + 1), str)
            if chosen != years.default:
                asked["year_from"], asked["year_to"] = chosen
        if popularity := filters.get("popularity"):
            least = popularity.slider(locale("discover_popularity"), popularity.options, locale.number)
            asked["popularity_from"] = None if least == popularity.default else least
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if sort := filters.get("sort"):
            asked["sort"] = sort.segments(locale("discover_sort"), lambda name: locale(f"discover_sort_{name}"))
        asked["limit"] = filters["songs"].segments(locale("discover_count"), str)
    return Wishes.checked(asked)


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
                key = f"discover_{name}"
                download(locale(key), content(found.songs), locale(f"{key}_file"), mime, key=key)


def links(songs: Sequence[CatalogueSong]) -> list[str]:
    """Return the addresses of the songs at Spotify, of those that have one."""
    return [song.spotify_url for song in songs if song.spotify_url]


def as_csv(songs: Sequence[CatalogueSong]) -> bytes:
    """Return the songs as CSV, with the mark that tells spreadsheets that it is UTF-8; every cell is `harmless`."""
    rows = ([harmless(_cell(getattr(song, name))) for name in HEADER] for song in songs)
    return written([HEADER, *rows], ",", "\r\n").encode("utf-8-sig")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


def as_m3u(songs: Sequence[CatalogueSong]) -> bytes:
    """Return the songs that have a link as a playlist; their length is not known, which -1 says."""
    lines = ["#EXTM3U"]
    for song in songs:
        if song.spotify_url:
            # A line break in a title would begin an entry of its own.
            name = " ".join(f"{song.artist} - {song.title}".split())
            lines += [f"#EXTINF:-1,{name}", song.spotify_url]
    return "".join(f"{line}\n" for line in lines).encode()
