import pytest
from streamlit.testing.v1 import AppTest

from song_preference import errors
from song_preference.errors import PipelineUnavailable, SongPreferenceError
from streamlit_app.components import MISSING, plain
from streamlit_app.i18n import COMMON, LANGUAGES, Language, Locale

SECTION = """
import streamlit as st
from song_preference import errors
from streamlit_app.components import section
from streamlit_app.i18n import COMMON, Locale

with section(Locale("{language}", COMMON)):
    st.write("before")
    raise {error}
    st.write("after")
st.write("below")
"""


def drawn(error: str, language: Language = "es") -> AppTest:
    return AppTest.from_string(SECTION.format(error=error, language=language)).run()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [*MISSING, PipelineUnavailable])
def test_a_section_says_what_is_missing_and_the_rest_goes_on(
    kind: type[SongPreferenceError], language: Language
) -> None:
    page = drawn(f"errors.{kind.__name__}('password=hunter2')", language)
    key = next(MISSING[each] for each in kind.__mro__ if each in MISSING)
    assert [warning.value for warning in page.warning] == [Locale(language, COMMON)(key)]
    assert [text.value for text in page.markdown] == ["before", "below"]
    assert not page.exception


@pytest.mark.parametrize("error", ["ValueError('a bug')", "errors.DiskFull('is full')"])
def test_an_error_that_no_service_causes_is_not_hidden(error: str) -> None:
    page = drawn(error)
    assert len(page.exception) == 1
    assert not page.warning


def test_every_error_of_the_table_is_one_of_the_tree() -> None:
    assert all(getattr(errors, kind.__name__) is kind for kind in MISSING)


SIGNS = r"\`*_{}[]()<>#+-.!|~$:"


def test_no_sign_of_a_text_is_taken_for_markdown() -> None:
    assert plain(SIGNS) == "".join(f"\\{sign}" for sign in SIGNS)
    assert plain("Canción 1, ¿sí?") == "Canción 1, ¿sí?"


@pytest.mark.parametrize("text", ["# One", "*two*", "[three](http://x)", "$x$", ":material/cloud:", "<b>four</b>"])
def test_a_text_is_shown_as_it_was_written(text: str) -> None:
    assert plain(text).replace("\\", "") == text


UPLOADER = """
from streamlit_app.components import uploader

uploader("Songs", 'Choose a "file"', "At most 2 MB", "songs")
"""


def test_an_uploader_has_its_label_and_keeps_the_file() -> None:
    page = AppTest.from_string(UPLOADER).run()
    assert page.file_uploader[0].label == "Songs"
    page.file_uploader[0].set_value(("songs.csv", b"x", "text/csv")).run()
    assert page.session_state["songs"].getvalue() == b"x"
