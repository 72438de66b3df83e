"""The pages "explore" and "model", as a listener tries things out."""

import csv
import re

import pytest
from playwright.sync_api import expect

from streamlit_app.i18n import Language
from tests.support.browser import LOOKS, Scheme, Visitor


def test_another_threshold_has_another_effect(visit: Visitor) -> None:
    visitor = visit("en").open("model")
    page = visitor.page
    metrics = page.get_by_test_id("stMetricValue")
    before = metrics.all_inner_texts()
    page.locator("input[type=range]").first.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    values = "[...document.querySelectorAll('[data-testid=stMetricValue]')]"
    page.wait_for_function(f"before => {values}.some((each, at) => each.innerText !== before[at])", arg=before)


def test_filtered_songs_are_downloaded_as_they_are_shown(visit: Visitor) -> None:
    visitor = visit("es").open("explore")
    page = visitor.page
    page.get_by_test_id("stButtonGroup").get_by_text(visitor.locale("dislike"), exact=True).click()
    visitor.settle()
    with page.expect_download() as download:
        page.get_by_role("button", name=visitor.locale("explore_download")).click()
    rows = list(csv.DictReader(download.value.path().read_text("utf-8-sig").splitlines()))
    assert {row["label"] for row in rows} == {"0"}


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_the_list_is_renamed_where_its_songs_are(
    visit: Visitor, width: int, scheme: Scheme, language: Language
) -> None:
    def rename(name: str) -> str:
        visitor = visit(language, width, scheme).open("explore")
        page = visitor.page
        page.get_by_text(visitor.locale("explore_details")).click()
        field = page.get_by_label(visitor.locale("explore_name"))
        before = field.input_value()
        field.fill(name)
        field.press("Enter")
        expect(page.get_by_test_id("stMain").get_by_text(re.compile(f"[«“]{name}[»”]")).first).to_be_visible()
        expect(page.get_by_test_id("stSidebar")).to_contain_text(name)
        return before

    before = rename(f"Verano {width}")
    assert rename(before) == f"Verano {width}"
