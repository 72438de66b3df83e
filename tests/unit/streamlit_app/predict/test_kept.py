import pytest

from song_preference.features import Song
from streamlit_app import data
from streamlit_app.i18n import LANGUAGES, Language, Locale
from streamlit_app.predict.kept import MOST_KEPT, rows
from tests.support.dashboard import TEXTS, Open, Platform

SONGS = [Song(speechiness=0.1, energy=0.52, danceability=share, acousticness=0.3) for share in (0.0, 1.0)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_songs_stand_beside_each_other_with_their_answers(platform: Platform, language: Language) -> None:
    locale = Locale(language, TEXTS)
    found = rows(SONGS, locale)
    answers = data.predictor().predict_each(SONGS)
    assert found["energy"].tolist() == [locale.number(0.52, 2)] * 2
    assert found["probability"].tolist() == [locale.percent(answer.probability) for answer in answers]
    assert found["answer"].tolist() == [locale(f"predict_{answer.label}") for answer in answers]


def test_a_song_is_kept_once_and_all_are_removed_at_once(platform: Platform, open_page: Open) -> None:
    page = open_page("predict", "en")
    assert not page.dataframe
    page.button(key="predict_keep").click().run()
    page.button(key="predict_keep").click().run()
    assert len(page.dataframe[0].value) == 1
    page.select_slider(key="song_energy").set_value(0.9)
    page.button(key="predict_keep").click().run()
    assert page.dataframe[0].value["energy"].tolist() == ["0.52", "0.90"]
    page.button(key="predict_kept_clear").click().run()
    assert not page.dataframe


def test_one_of_them_is_taken_back_or_removed(platform: Platform, open_page: Open) -> None:
    page = open_page("predict", "en")
    for energy in (0.1, 0.2, 0.3):
        page.select_slider(key="song_energy").set_value(energy)
        page.button(key="predict_keep").click().run()
    page.button_group(key="predict_kept_which").set_value(2).run()
    page.button(key="predict_kept_back").click().run()
    assert page.session_state["song_energy"] == 0.2
    page.button_group(key="predict_kept_which").set_value(3).run()
    page.button(key="predict_kept_remove").click().run()
    assert page.dataframe[0].value["energy"].tolist() == ["0.10", "0.20"]
    page.button(key="predict_kept_remove").click().run()
    assert page.dataframe[0].value["energy"].tolist() == ["0.20"]


def test_no_more_are_kept_than_can_be_compared(platform: Platform, open_page: Open) -> None:
    page = open_page("predict", "en")
    for number in range(MOST_KEPT):
        assert not page.button(key="predict_keep").disabled
        page.select_slider(key="song_energy").set_value(number / 10)
        page.button(key="predict_keep").click().run()
    assert page.button(key="predict_keep").disabled
    assert len(page.dataframe[0].value) == MOST_KEPT
