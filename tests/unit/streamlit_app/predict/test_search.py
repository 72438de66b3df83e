"""The search by name on the page "predict"."""

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from local_stack.config import ROOT
from song_preference.features import FEATURES, Song
from song_preference.serving.songs import Search, SongSearch
from streamlit_app import data
from streamlit_app.components import SONG
from streamlit_app.i18n import LANGUAGES, Language, Locale
from streamlit_app.predict.search import MATCH, MOST_MATCHES, QUERY
from tests.support.dashboard import PAGE, TEXTS, Open, Platform, page_texts, shown
from tests.support.song_index import NAMED

SONG_ITSELF = Song.model_validate({name: NAMED[name][0] for name in FEATURES})
SLIDERS = [round(value, 2) for value in SONG_ITSELF.row()]


def sliders(page: AppTest) -> list[float]:
    return [page.session_state[f"song_{name}"] for name in FEATURES]


def type_in(page: AppTest, query: str) -> AppTest:
    return page.text_input(key=QUERY).set_value(query).run()


def matches(page: AppTest) -> list[str]:
    return list(page.button_group(key=MATCH).options)


def choose(page: AppTest, indexed: SongSearch, query: str) -> AppTest:
    (song,) = indexed.search(Search(query=query)).songs
    return type_in(page, query).button_group(key=MATCH).set_value(song.id).run()


def addresses(page: AppTest) -> list[str]:
    """Return the scripts that write the address."""
    scripts = [str(getattr(found, "value", "")) for found in page.get("html")]
    return [script for script in scripts if "history." in script]


def heading(page: AppTest) -> str:
    """Return what is said of the song above the answer; empty if it has no name."""
    return next((text for text in page_texts(page) if " — " in text), "")


@pytest.fixture
def app(indexed: SongSearch) -> AppTest:
    return AppTest.from_file(str(ROOT / "streamlit_app" / "app.py"), default_timeout=30)


@pytest.mark.parametrize("query", ["deja", "beyonce deja", "https://open.spotify.com/track/4GiXBCUF7H6YfNQsnBRIzl"])
def test_words_of_title_and_artist_and_links_find_a_song(indexed: SongSearch, open_page: Open, query: str) -> None:
    page = type_in(open_page("predict", "es"), query)
    assert matches(page) == [r"Déjà Vu \[live\] — Beyoncé, 2006"]


def test_few_matches_are_shown_and_none_is_one_sentence(indexed: SongSearch, open_page: Open) -> None:
    page = type_in(open_page("predict", "es"), "el")
    assert len(matches(page)) == MOST_MATCHES
    page = type_in(page, "xyzzy")
    assert TEXTS["predict_no_match"]["es"] in shown(page)
    page = type_in(page, "   ")
    assert TEXTS["predict_no_match"]["es"] not in shown(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_song_is_kept_by_its_name_with_the_answer_that_was_shown_and_comes_back_as_itself(
    indexed: SongSearch, open_page: Open, language: Language
) -> None:
    page = choose(open_page("predict", language), indexed, "deja")
    named = heading(page)
    page.button(key="predict_keep").click().run()
    assert page.session_state["predict_kept"] == "50-82-99-7-4GiXBCUF7H6YfNQsnBRIzl"
    row = page.dataframe[0].value.iloc[0]
    answer = data.predictor().predict(SONG_ITSELF)
    assert (row["title"], row["probability"]) == ("Déjà Vu [live]", Locale(language, TEXTS).percent(answer.probability))
    page.select_slider(key="song_energy").set_value(0.1).run()
    assert heading(page) == ""
    page.button(key="predict_keep").click().run()
    assert page.dataframe[0].value["title"].tolist() == ["Déjà Vu [live]", ""]
    page.button(key="predict_kept_back").click().run()
    assert heading(page) == named


@pytest.mark.parametrize(
    ("id_in_address", "title"),
    [("4GiXBCUF7H6YfNQsnBRIzl", "Déjà Vu [live]"), ("5GiXBCUF7H6YfNQsnBRIzl", ""), ("of-another%2Cone", "")],
)
def test_a_kept_song_of_an_address_has_its_name_if_the_catalogue_knows_it_with_these_values(
    indexed: SongSearch, id_in_address: str, title: str
) -> None:
    page = AppTest.from_string(PAGE.format(name="predict", language="en"), default_timeout=30)
    page.query_params["kept"] = f"50-82-99-7-{id_in_address},4-52-51-71"
    table = page.run().dataframe[0].value
    assert table["energy"].tolist() == ["0.82", "0.52"]
    assert table.get("title", pd.Series(["", ""])).tolist() == [title, ""]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_song_sets_the_sliders_and_is_named_with_answer_and_reason(
    indexed: SongSearch, open_page: Open, language: Language
) -> None:
    page = choose(open_page("predict", language), indexed, "deja")
    assert sliders(page) == SLIDERS
    assert (
        heading(page)
        == r"[**Déjà Vu \[live\]**](https://open.spotify.com/track/4GiXBCUF7H6YfNQsnBRIzl) — Beyoncé, 2006"
    )
    assert TEXTS["predict_like"][language] in [found.value for found in page.header]
    assert Locale(language, TEXTS)("because", feature=TEXTS["danceability_high"][language], value=0.99) in shown(page)
    assert page.text_input(key=QUERY).value == ""


def test_the_answer_is_that_for_the_song_itself_and_not_for_two_decimals(indexed: SongSearch, open_page: Open) -> None:
    page = choose(open_page("predict", "en"), indexed, "deja")
    assert Locale("en", TEXTS).percent(data.predictor().predict(SONG_ITSELF).probability, 2) in shown(page)
    assert "'danceability': 0.9871" in page.code[0].value


def test_a_song_that_the_sliders_have_left_is_not_named_any_more(indexed: SongSearch, open_page: Open) -> None:
    page = choose(open_page("predict", "es"), indexed, "deja")
    page.select_slider(key="song_energy").set_value(0.83).run()
    assert heading(page) == ""
    page.select_slider(key="song_energy").set_value(0.82).run()
    assert heading(page) == ""  # it is left for good


def test_a_preset_takes_the_name_away(indexed: SongSearch, open_page: Open) -> None:
    page = choose(open_page("predict", "es"), indexed, "deja")
    page.button_group(key="preset").set_value("liked").run()
    assert heading(page) == ""


def test_a_song_is_in_the_address_until_the_sliders_leave_it(app: AppTest, indexed: SongSearch) -> None:
    page = choose(app.run(), indexed, "deja")
    written = addresses(page)
    assert "danceability=0.99" in written[-1]
    assert "song=4GiXBCUF7H6YfNQsnBRIzl" in written[-1]
    assert any("pushState" in script for script in written)
    page.select_slider(key="song_energy").set_value(0.1).run()
    assert "song=" not in addresses(page)[-1]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, True),
        ({"danceability": "0.99", "speechiness": "0.5", "energy": "0.82", "acousticness": "0.07"}, True),
        ({"danceability": "0.98"}, False),
    ],
)
def test_an_address_with_a_song_sets_the_sliders_unless_it_says_otherwise(
    app: AppTest, query: dict[str, str], *, named: bool
) -> None:
    for name, value in {**query, "song": "4GiXBCUF7H6YfNQsnBRIzl"}.items():
        app.query_params[name] = value
    page = app.run()
    assert bool(heading(page)) == named
    assert (sliders(page) == SLIDERS) == named


@pytest.mark.parametrize("song", ["", "unknown", "'; drop table songs", "9" * 10_000])
def test_an_address_with_an_unknown_song_has_none(app: AppTest, song: str) -> None:
    app.query_params["song"] = song
    page = app.run()
    assert not page.exception
    assert page.session_state[SONG] == ""


def test_without_a_catalogue_there_is_one_quiet_line(platform: Platform, open_page: Open) -> None:
    page = open_page("predict", "es")
    assert page.button(key="predict_no_catalogue").label == TEXTS["predict_no_catalogue"]["es"]
    assert not page.text_input
    assert not page.warning
