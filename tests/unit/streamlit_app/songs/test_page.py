from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.prediction import Batch
from song_preference.serving.predictor import Predictor
from streamlit_app import data
from streamlit_app.components import plain
from streamlit_app.i18n import LANGUAGES, Language, Locale
from tests.support.dashboard import TEXTS, Open, Platform

HEADER = ",".join(FEATURES)
SOME_BAD = f"title,{HEADER}\nA,0.1,0.2,0.3,0.4\nB,,0.2,9,0.4\nC,0.1,0.2,0.9,0.4\n".encode()


def upload(page: AppTest, content: bytes, name: str = "my*list.csv") -> AppTest:
    return page.file_uploader[0].set_value((name, content, "text/csv")).run()


def ask(page: AppTest) -> AppTest:
    return page.button("songs_ask").click().run()


def texts(page: AppTest) -> str:
    return "\n".join(found.value for found in [*page.markdown, *page.caption])


@pytest.fixture
def asked(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of songs that the model was asked about, call by call."""
    counts: list[int] = []
    pinned = Predictor.pinned

    def counting(self: Predictor) -> Callable[[NDArray[np.float32]], Batch]:
        answering = pinned(self)

        def answer(features: NDArray[np.float32]) -> Batch:
            counts.append(len(features))
            return answering(features)

        return answer

    monkeypatch.setattr(Predictor, "pinned", counting)
    return counts


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
    assert r"my\*list\.csv" in texts(page)
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


def test_a_rerun_neither_reads_nor_asks_again(
    open_page: Open, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ask(upload(open_page("songs", "es"), SOME_BAD))
    monkeypatch.setattr("streamlit_app.songs.page.read", None)
    page.segmented_control[0].set_value("liked").run()
    assert page.dataframe[1].value["column 0"].tolist() == ["C"]
    assert asked == [2]


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
    assert TEXTS["songs_pasted"][language] in texts(page)
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
    assert "1,234" in texts(page)


def test_of_a_long_list_the_likeliest_are_shown(open_page: Open, platform: Platform) -> None:
    rows = np.random.default_rng(0).random((1_500, 4)).round(3)
    content = pd.DataFrame(rows, columns=list(FEATURES)).to_csv(index=False).encode()
    page = ask(upload(open_page("songs", "es"), content))
    assert page.dataframe[0].value["rank"].tolist() == list(range(1, 1_001))
    assert Locale("es", TEXTS)("songs_shown_some", shown=1_000, songs=1_500) in texts(page)


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
