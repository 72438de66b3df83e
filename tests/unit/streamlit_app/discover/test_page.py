"""The page "discover" with a catalogue, and with none."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from song_preference.dataset.version import DatasetVersion
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.serving.songs import SongSearch, Wishes
from streamlit_app import data
from streamlit_app.discover.page import links, popularity_levels
from streamlit_app.i18n import LANGUAGES, Language, Locale
from tests.support.dashboard import PAGE, TEXTS, Open, Platform, refresh_catalogue, shown
from tests.support.song_index import index_of, rows


def key(indexed: SongSearch, name: str) -> str:
    assert indexed.current
    return f"discover_{name}_{indexed.current.catalogue}"


def titles(page: AppTest) -> list[str]:
    return [found.value.partition(" — ")[0] for found in page.markdown if " — " in found.value]


def downloads(page: AppTest) -> list[str]:
    return [getattr(button, "label", "") for button in page.get("download_button")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_songs_have_facts_probability_and_reason(indexed: SongSearch, open_page: Open, language: Language) -> None:
    page = open_page("discover", language)
    songs = {song.title: song for song in indexed.recommend(Wishes()).songs}
    assert len(titles(page)) == len(songs) >= 5
    song, locale = songs["Déjà Vu [live]"], Locale(language, TEXTS)
    reason = locale("because", feature=TEXTS["danceability_high"][language], value=0.99)
    link = f"[**Déjà Vu \\[live\\]**]({song.spotify_url}) — Beyoncé"
    assert f"{link}  \n:small[2006 · pop · {reason}]" in shown(page)
    assert f"**{locale.percent(song.probability, 1)}**" in shown(page)
    assert TEXTS["discover_stale"][language][:20] not in shown(page)
    assert page.code[0].value.splitlines() == links([*songs.values()])
    assert downloads(page) == [TEXTS[name][language] for name in ("discover_csv", "discover_m3u")]


def address(page: AppTest) -> str:
    """Return the script that writes the address."""
    scripts = [str(getattr(found, "value", "")) for found in page.get("html")]
    return [script for script in scripts if "history." in script][-1]


def test_filters_leave_out_songs_and_are_in_the_address(indexed: SongSearch, open_page: Open) -> None:
    page = open_page("discover", "es")
    page.selectbox(key=key(indexed, "genre")).set_value("pop").run()
    assert "pushState" in address(page)
    page.select_slider(key=key(indexed, "years")).set_value((2000, 2006)).run()
    assert "replaceState" in address(page)
    page.button_group(key=key(indexed, "songs")).set_value(10).run()
    wanted = indexed.recommend(Wishes(genre="pop", year_from=2000, year_to=2006, limit=10)).songs
    assert len(titles(page)) == len(wanted) > 0
    assert '?genre=pop&years=2000-2006&songs=10"' in address(page)
    page.selectbox(key=key(indexed, "genre")).set_value("").run()
    page.select_slider(key=key(indexed, "popularity")).set_value(810.0).run()
    assert "replaceState" in address(page)
    assert titles(page) == [r"[**Déjà Vu \[live\]**](https://open.spotify.com/track/4GiXBCUF7H6YfNQsnBRIzl)"]
    page.select_slider(key=key(indexed, "years")).set_value((1999, 1999)).run()
    assert TEXTS["discover_none"]["es"] in shown(page)


def test_the_best_known_may_come_first(indexed: SongSearch, open_page: Open) -> None:
    page = open_page("discover", "es")
    page.button_group(key=key(indexed, "sort")).set_value("popularity").run()
    assert ["Déjà Vu" in titles(page)[0], "cmd" in titles(page)[1]] == [True, True]


def test_a_filter_comes_back_from_the_address_and_nonsense_is_left_out(indexed: SongSearch) -> None:
    page = AppTest.from_string(PAGE.format(name="discover", language="es"), default_timeout=30)
    for name, value in {"genre": "rock", "years": "2010-1990", "songs": "1000000", "sort": "id; drop"}.items():
        page.query_params[name] = value
    page.run()
    assert page.selectbox(key=key(indexed, "genre")).value == "rock"
    assert address(page).count("genre=rock") > 0
    assert not any(name in address(page) for name in ("years", "songs", "sort"))


def test_a_catalogue_without_genres_years_and_popularity_has_no_such_filters(
    platform: Platform, dataset: DatasetVersion, open_page: Open, graph: bytes, tmp_path: Path
) -> None:
    songs = rows()[["title", "artist", *FEATURES]]
    bare = index_of(songs, graph, tmp_path / "bare.sqlite", platform.objects, dataset.version)
    platform.registry.indexes["bare"] = bare
    refresh_catalogue()
    page = open_page("discover", "en")
    assert titles(page)
    assert not [*page.exception, *page.selectbox, *page.select_slider]
    assert len(page.button_group) == 1
    # Without ids there are no links, and no playlist of them.
    assert downloads(page) == [TEXTS["discover_csv"]["en"]]


def test_one_click_opens_a_song_in_predict(indexed: SongSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[Iterable[float], str]] = []
    monkeypatch.setattr("streamlit_app.discover.page.open_in_predict", lambda *song: opened.append(song))
    page = AppTest.from_string(PAGE.format(name="discover", language="es"), default_timeout=30).run()
    page.button(key="discover_take_1").click().run()
    second = indexed.recommend(Wishes()).songs[1]
    assert opened == [(second.features.row(), second.id)]


def test_the_answers_of_another_version_are_called_so(
    platform: Platform, dataset: DatasetVersion, indexed: SongSearch, open_page: Open, graph: bytes
) -> None:
    platform.registry.register("2", graph, dataset.version)
    data.predictor().store.refresh()
    page = open_page("discover", "es")
    assert Locale("es", TEXTS)("discover_stale", version="1") in shown(page)
    assert titles(page)
    # Among them could be songs of the list of the model in use.
    platform.registry.register("3", graph, "0" * 12)
    data.predictor().store.refresh()
    assert [box.value for box in page.run().info] == [Message("index_of_another_list").text("es")]
    assert not titles(page)


@pytest.mark.parametrize(
    ("least", "most", "levels"), [(0, 100, 10), (0, 3, 4), (5, 5, 1), (0, 1_000_000, 10), (0, 0.4, 1)]
)
def test_levels_of_popularity_are_whole_numbers(least: float, most: float, levels: int) -> None:
    found = popularity_levels(least, most)
    assert len(found) == levels
    assert found[0] == least
    assert all(level.is_integer() and level <= most for level in found)
