import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from song_preference.features import FEATURES, LABEL, Song
from streamlit_app import data
from streamlit_app.data import playlist
from streamlit_app.i18n import LANGUAGES, Language, Locale
from streamlit_app.predict.page import presets
from tests.support.dashboard import TEXTS, Open, Platform


def shown(page: AppTest) -> list[str]:
    return [element.value for element in [*page.header, *page.subheader, *page.markdown, *page.caption]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answer_is_that_of_the_model(platform: Platform, open_page: Open, language: Language) -> None:
    page = open_page("predict", language)
    song = Song(**{name: page.session_state[f"song_{name}"] for name in FEATURES})
    answer = data.predictor().predict(song)
    assert TEXTS[f"predict_{answer.label}"][language] in shown(page)
    expected = Locale(language, TEXTS).percent(answer.probability, 2)
    assert any(expected in text for text in shown(page))


def test_another_song_is_another_answer(platform: Platform, open_page: Open) -> None:
    page = open_page("predict", "en")
    page.select_slider(key="song_danceability").set_value(0.0)
    page.select_slider(key="song_speechiness").set_value(0.0).run()
    assert "You will not like it" in shown(page)
    page.select_slider(key="song_danceability").set_value(1.0).run()
    assert "You will like it" in shown(page)


def test_a_preset_is_a_song_of_the_playlist(platform: Platform, open_page: Open) -> None:
    page = open_page("predict", "en")
    page.button_group(key="preset").set_value("acousticness").run()
    chosen = {name: page.session_state[f"song_{name}"] for name in FEATURES}
    songs = playlist.table(playlist.own_dataset().version, "features")
    liked = songs[songs[LABEL] == 1]
    row = liked.iloc[liked["acousticness"].argmax()]
    assert chosen == {name: round(float(row[name]), 2) for name in FEATURES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_preset_comes_with_what_a_model_that_did_not_know_it_answered(
    platform: Platform, open_page: Open, language: Language
) -> None:
    songs = playlist.table(playlist.own_dataset().version, "features")
    # A dataset of version 0.1 may hold a song twice.
    answered = pd.concat([songs, songs.tail(3)]).assign(probability=0.31, predicted=0)
    platform.registry.songs_of_run[""] = answered.to_parquet()
    page = open_page("predict", language)
    for name, result in (("liked", "missed_like"), ("disliked", "right")):
        page.button_group(key="preset").set_value(name).run()
        assert Locale(language, TEXTS)(f"predict_known_{result}", probability=0.31) in shown(page)


def test_a_disliked_preset_that_the_model_likes_is_called_so(platform: Platform, open_page: Open) -> None:
    songs = playlist.table(playlist.own_dataset().version, "features")
    platform.registry.songs_of_run[""] = songs.assign(probability=0.84, predicted=1).to_parquet()
    page = open_page("predict", "en")
    page.button_group(key="preset").set_value("disliked").run()
    assert Locale("en", TEXTS)("predict_known_missed_dislike", probability=0.84) in shown(page)


def test_a_preset_that_the_sliders_have_left_is_not_chosen_any_more(platform: Platform, open_page: Open) -> None:
    page = open_page("predict", "en")
    page.button_group(key="preset").set_value("liked").run()
    assert page.button_group(key="preset").value == "liked"
    page.select_slider(key="song_energy").set_value(0.0).run()
    assert page.run().button_group(key="preset").value is None


def test_without_mlflow_a_preset_says_that_the_model_may_know_it(platform: Platform, open_page: Open) -> None:
    page = open_page("predict", "en")
    platform.registry.is_down = True
    page.button_group(key="preset").set_value("liked").run()
    assert not page.exception
    assert TEXTS["predict_known_unknown"]["en"] in shown(page)


def test_without_rest_there_are_no_songs_to_start_from_but_an_answer(platform: Platform, open_page: Open) -> None:
    platform.rest_is_down = True
    page = open_page("predict", "es")
    assert [found.value for found in page.warning] == [TEXTS["missing_data"]["es"]]
    assert "Te va a gustar" in shown(page) or "No te va a gustar" in shown(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_way_that_is_down_says_so_and_the_others_go_on(
    platform: Platform, open_page: Open, language: Language
) -> None:
    page = open_page("predict", language)
    page.button_group(key="way").set_value("all").run()
    expected = [text for text in shown(page) if TEXTS["predict_down"][language] in text]
    assert len(expected) == 3  # nothing listens in a unit test
    assert sum(":material/thumb_" in text for text in shown(page)) == 1


def test_presets_are_extremes_and_typical_songs() -> None:
    songs = pd.DataFrame(
        [[0.1, 0.1, 0.1, 0.1, 1], [0.2, 0.2, 0.2, 0.2, 1], [0.9, 0.3, 0.3, 0.3, 1], [0.5, 0.5, 0.5, 0.5, 0]],
        columns=[*FEATURES, LABEL],
    ).assign(probability=0.7, predicted=1)
    found = presets(songs)
    assert found["speechiness"].song.row() == (0.9, 0.3, 0.3, 0.3)
    assert found["liked"].song.row() == (0.2, 0.2, 0.2, 0.2)
    assert found["disliked"].song.row() == (0.5, 0.5, 0.5, 0.5)
    assert [found[name][1:] for name in ("liked", "disliked")] == [(True, 0.7, True), (False, 0.7, False)]
    assert set(found) == {*FEATURES, "liked", "disliked"}
