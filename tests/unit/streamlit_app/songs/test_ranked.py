import json

import numpy as np
import pandas as pd
import pytest

from song_preference.features import FEATURES
from streamlit_app.i18n import LANGUAGES, Language, Locale
from streamlit_app.songs.ranked import probabilities
from streamlit_app.theme import LIGHT, specification
from tests.support.dashboard import TEXTS, Open, Platform, shown
from tests.support.songs_page import HEADER, SOME_BAD, ask, upload


def test_a_rerun_neither_reads_nor_asks_again(
    open_page: Open, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = ask(upload(open_page("songs", "es"), SOME_BAD))
    monkeypatch.setattr("streamlit_app.songs.file.read", None)
    page.segmented_control[0].set_value("liked").run()
    assert page.dataframe[1].value["column 0"].tolist() == ["C"]
    assert asked == [2]


def test_of_a_long_list_the_likeliest_are_shown(open_page: Open, platform: Platform) -> None:
    rows = np.random.default_rng(0).random((1_500, 4)).round(3)
    content = pd.DataFrame(rows, columns=list(FEATURES)).to_csv(index=False).encode()
    page = ask(upload(open_page("songs", "es"), content))
    assert page.dataframe[0].value["rank"].tolist() == list(range(1, 1_001))
    assert Locale("es", TEXTS)("songs_shown_some", shown=1_000, songs=1_500) in shown(page)


def test_where_none_is_liked_it_says_so_and_all_are_still_there(open_page: Open, platform: Platform) -> None:
    page = ask(upload(open_page("songs", "es"), f"{HEADER}\n0.1,0.2,0.01,0.4\n0.1,0.1,0.02,0.4\n".encode()))
    assert page.metric[1].value.startswith("0")
    page.segmented_control[0].set_value("liked").run()
    assert not page.dataframe
    assert TEXTS["songs_none_liked"]["es"] in shown(page)
    page.segmented_control[0].set_value("all").run()
    assert len(page.dataframe[0].value) == 2


def test_columns_are_named_as_in_the_file(open_page: Open, platform: Platform) -> None:
    content = f"tempo,Canción,{HEADER},\n120,A,0,0,1,0,x\n".encode()
    table = ask(upload(open_page("songs", "es"), content)).dataframe[0]
    named = {key: column.get("label") for key, column in json.loads(table.proto.columns).items()}
    assert [named[key] for key in ("column 1", "column 0", "column 6")] == ["Canción", "tempo", "—"]
    assert [key for key in table.value if str(key).startswith("column")] == ["column 1", "column 0", "column 6"]


@pytest.mark.parametrize(("threshold", "side"), [(0.3, "left"), (0.5, "left"), (0.7, "right")])
def test_the_name_of_the_threshold_stands_where_there_is_room(threshold: float, side: str) -> None:
    found = specification(probabilities, LIGHT, Locale("en", TEXTS), threshold)
    [name] = [layer["mark"] for layer in found["layer"] if layer["mark"]["type"] == "text"]
    assert name["align"] == side
    assert f"{threshold:.0%}" in name["text"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_songs_that_the_model_learned_from_are_counted(platform: Platform, open_page: Open, language: Language) -> None:
    own = pd.DataFrame([[0.1, 0.2, 0.5, 0.4], [0.9, 0.9, 0.9, 0.9]], columns=list(FEATURES)).astype("float32")
    platform.registry.songs_of_run[""] = own.assign(probability=0.7, predicted=1).to_parquet()
    page = ask(upload(open_page("songs", language), f"{HEADER}\n0.1,0.2,0.5,0.4\n0.1,0.1,0.02,0.4\n".encode()))
    assert Locale(language, TEXTS)("songs_known", known=1) in shown(page)
