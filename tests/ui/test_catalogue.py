"""The page "discover" before there is a catalogue, which is why this runs before the tests that need one."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.support.browser import Visitor
from tests.support.song_index import EXAMPLE

SCORING_MS = 240_000


def test_on_the_empty_page_a_catalogue_is_uploaded_and_followed(visit: Visitor, environment: dict[str, str]) -> None:
    if httpx.get(f"{environment['FASTAPI_URL']}/catalogue").is_success:
        pytest.skip("There is a catalogue already.")
    visitor = visit("es").open("discover")
    page = visitor.page
    expect(page.get_by_role("heading", name=visitor.locale("discover_empty"))).to_be_visible()
    expect(page.get_by_text("En Kaggle están")).to_be_visible()
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_role("button", name=visitor.locale("discover_upload")).click()
    expect(page.get_by_text("Leyendo las canciones del catálogo")).to_be_visible()
    songs = page.get_by_role("button", name=visitor.locale("take"), exact=True)
    expect(songs.first).to_be_visible(timeout=SCORING_MS)
