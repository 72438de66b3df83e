"""The pages "explore" and "model", as a listener tries things out."""

import csv

from tests.support.browser import Visitor


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
