from pathlib import Path

import pytest

from song_preference.features import FEATURES
from song_preference.messages import Message
from streamlit_app import data
from streamlit_app.components import plain
from streamlit_app.i18n import LANGUAGES, Language
from tests.support.dashboard import TEXTS, Open, Platform, shown
from tests.support.named_songs import ENTRIES, Entry, found_in, tune_my_music, write_index
from tests.support.songs_page import HEADER, SOME_BAD, ask, upload


@pytest.mark.parametrize("language", LANGUAGES)
def test_problems_come_first_then_only_good_rows_are_asked_about(
    open_page: Open, asked: list[int], language: Language
) -> None:
    page = upload(open_page("songs", language), SOME_BAD)
    faults = page.dataframe[0].value
    assert faults["row"].tolist() == [3, 3]
    assert faults["column"].tolist() == ["speechiness", "danceability"]
    assert faults["problem"].tolist() == [
        Message("empty_cell").text(language),
        Message("not_in_unit_interval").text(language),
    ]
    assert r"my\*list\.csv" in shown(page)
    assert page.button("songs_ask").label == TEXTS["songs_ask"][language].format(good=2)
    assert not asked
    ask(page)
    assert asked == [2]
    ranked = page.dataframe[1].value
    assert ranked["column 0"].tolist() == ["C", "A"]
    assert ranked["row"].tolist() == [4, 2]
    assert ranked["liked"].tolist() == [TEXTS["songs_like"][language], TEXTS["songs_dislike"][language]]
    assert ranked["probability"].is_monotonic_decreasing
    assert [metric.value for metric in page.metric][1].startswith("50")
    assert not page.exception


def test_another_list_is_asked_about_only_on_demand(open_page: Open, asked: list[int]) -> None:
    page = ask(upload(open_page("songs", "es"), SOME_BAD))
    upload(page, f"{HEADER}\n0,0,0,0\n".encode())
    assert not page.dataframe
    assert page.button("songs_ask").label == TEXTS["songs_ask_one"]["es"]
    assert asked == [2]


def test_a_file_that_is_taken_away_takes_its_answers_along(open_page: Open, platform: Platform) -> None:
    page = ask(upload(open_page("songs", "es"), SOME_BAD))
    page.file_uploader[0].set_value(None).run()
    assert not page.dataframe
    assert not page.metric


def test_a_new_champion_answers_when_asked(open_page: Open, platform: Platform, graph: bytes, asked: list[int]) -> None:
    page = ask(upload(open_page("songs", "es"), SOME_BAD))
    platform.registry.register("2", graph)
    data.predictor().store.refresh()
    page.run()
    assert "2" in page.info[0].value
    assert len(page.dataframe) == 2
    ask(page)
    assert not page.info
    assert asked == [2, 2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_can_be_pasted(open_page: Open, platform: Platform, language: Language) -> None:
    page = open_page("songs", language)
    page.text_area[0].set_value("\t".join(FEATURES) + "\n0,1\t0,2\t0,9\t0,4\n")
    page.button[0].click().run()
    assert TEXTS["songs_pasted"][language] in shown(page)
    assert ask(page).dataframe[0].value["row"].tolist() == [2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_has_no_problem(open_page: Open, platform: Platform, language: Language) -> None:
    page = open_page("songs", language)
    page.button[1].click().run()
    assert page.text_area[0].value == TEXTS["songs_example"][language]
    assert not page.dataframe
    songs = len(TEXTS["songs_example"][language].splitlines()) - 1
    assert page.button("songs_ask").label == TEXTS["songs_ask"][language].format(good=songs)
    assert len(ask(page).dataframe[0].value) == songs


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_of_another_kind_is_rejected_in_words(open_page: Open, platform: Platform, language: Language) -> None:
    page = upload(open_page("songs", language), b"PK\x00")
    assert plain(Message("binary").text(language)) in page.error[0].value
    assert not page.exception


def test_no_good_row_leaves_nothing_to_ask(open_page: Open, platform: Platform) -> None:
    page = upload(open_page("songs", "es"), f"{HEADER}\n-2,-2,-2,-2\n".encode())
    assert len(page.dataframe[0].value) == 4
    assert "songs_ask" not in [button.key for button in page.button]


def test_many_problems_are_counted_and_the_first_shown(open_page: Open, platform: Platform) -> None:
    page = upload(open_page("songs", "en"), f"{HEADER}\n".encode() + b"x,0,0,0\n" * 1_234)
    assert page.dataframe[0].value["row"].tolist() == list(range(2, 202))
    assert "1,234" in shown(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_champion_a_file_is_checked_all_the_same(
    open_page: Open, platform: Platform, language: Language
) -> None:
    platform.registry.ref = None
    page = upload(open_page("songs", language), SOME_BAD)
    assert page.dataframe[0].value["row"].tolist() == [3, 3]
    assert page.warning[0].value == TEXTS["missing_model"][language]
    assert not page.exception


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_else_is_down_songs_are_ranked(open_page: Open, platform: Platform, language: Language) -> None:
    page = open_page("songs", language)
    platform.take_down()
    assert len(ask(upload(page, SOME_BAD)).dataframe[1].value) == 2
    assert not page.exception


@pytest.mark.parametrize("language", LANGUAGES)
def test_songs_without_features_are_looked_up_before_the_model_is_asked(
    open_page: Open, platform: Platform, asked: list[int], tmp_path: Path, language: Language
) -> None:
    platform.indexes.current = write_index(tmp_path / "index")
    page = upload(open_page("songs", language), tune_my_music([*ENTRIES[:3], Entry("Unknown", "Nobody"), ENTRIES[4]]))
    values = {"found": 4, "rows": 5, "origin": [found_in(4)], "not_found": ["Unknown - Nobody"]}
    assert [info.value for info in page.info] == [plain(Message("songs_found", values).text(language))]
    faults = page.dataframe[0].value
    assert faults[["row", "problem"]].to_numpy().tolist() == [[5, Message("not_in_catalogue").text(language)]]
    assert not asked
    ask(page)
    assert asked == [4]
    assert set(page.dataframe[1].value["column 0"]) == {"Song 1", "Song 2", "Song 3", "Song 5"}
    assert not page.exception


def test_without_a_catalogue_the_page_says_how_to_get_one(open_page: Open) -> None:
    page = upload(open_page("songs", "en"), tune_my_music(ENTRIES))
    assert plain("import a catalogue") in page.error[0].value
