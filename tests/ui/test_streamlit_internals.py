"""Our CSS selects some of Streamlit's own elements: an upgrade that renames one fails here, by the element's name."""

import re
from pathlib import Path

import pytest
import streamlit
from playwright.sync_api import expect

from tests.support.browser import Visitor


@pytest.mark.parametrize(
    ("name", "selector"),
    [
        ("predict", "[data-testid=stCaptionContainer]"),
        ("predict", ".block-container"),
        ("predict", ".st-key-song_energy"),
        ("predict", "[data-testid=stColumn]:has(.st-key-answer)"),
        ("pipeline", "[data-testid=stBaseButton-primary]"),
        ("pipeline", "[data-stale]"),
        ("songs", "[data-testid=stFileUploaderDropzoneInstructions] span"),
        ("songs", "[data-testid=stFileUploaderDropzone] > span p"),
    ],
)
def test_an_element_that_our_css_selects_is_there(visit: Visitor, name: str, selector: str) -> None:
    visitor = visit("en").open(name)
    expect(visitor.page.locator(selector).first, f"Streamlit has renamed {selector}: change our CSS").to_be_attached()


def test_a_file_in_the_uploader_and_its_table_have_what_our_css_hides(visit: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "songs.csv"
    file.write_text("speechiness,energy,danceability,acousticness\n-1,0.5,0.6,0.2\n")
    visitor = visit("en").open("songs")
    visitor.page.locator("input[type=file]").set_input_files(file)
    for name in ("stBaseButton-borderlessIcon", "stElementToolbar"):
        expect(visitor.page.get_by_test_id(name).first, f"Streamlit has renamed {name}: change our CSS").to_be_hidden()
        expect(visitor.page.get_by_test_id(name).first).to_be_attached()


def test_streamlit_has_the_mark_of_a_running_page_that_our_css_hides() -> None:
    # A page shows it only if it takes long to draw, so Streamlit's own files are searched for it.
    scripts = Path(streamlit.__file__).parent.glob("static/static/js/*.js")
    has_mark = any(re.search(rb"[`'\"]stStatusWidget[`'\"]", script.read_bytes()) for script in scripts)
    assert has_mark, "Streamlit has renamed stStatusWidget: change our CSS"
