"""The page "predict", as a listener uses it."""

import pytest
from playwright.sync_api import expect

from streamlit_app.i18n import LANGUAGES, Language
from tests.support.browser import PHONE, Visitor

WAYS = ["REST", "GraphQL", "gRPC"]


def test_a_slider_moves_the_answer(visit: Visitor) -> None:
    page = visit().page
    answer = page.get_by_test_id("stMain").locator("strong").filter(has_text="%").first
    before = answer.inner_text()
    page.locator("input[type=range]").nth(3).focus()
    for _ in range(10):
        page.keyboard.press("PageDown")
    expect(answer).not_to_have_text(before)


@pytest.mark.parametrize("way", WAYS)
def test_a_protocol_answers_with_its_command(visit: Visitor, way: str) -> None:
    visitor = visit()
    visitor.page.get_by_test_id("stButtonGroup").get_by_text(way, exact=True).click()
    command = "grpcurl" if way == "gRPC" else "curl http"
    visitor.page.get_by_test_id("stCode").filter(has_text=command).wait_for()
    visitor.settle()
    assert visitor.page.get_by_test_id("stMain").get_by_text("ms ·").count() == 1
    assert not visitor.page.get_by_text(visitor.locale("predict_down")).count()


def test_all_ways_give_the_same_answer(visit: Visitor) -> None:
    visitor = visit("en")
    visitor.page.get_by_test_id("stButtonGroup").get_by_text("All", exact=True).click()
    shown = visitor.page.get_by_test_id("stMain").locator("strong").filter(has_text="%")
    visitor.page.wait_for_function("() => document.querySelectorAll('[data-testid=stCode]').length === 5")
    visitor.settle()
    assert shown.count() == 1 + len(WAYS)
    assert len(set(shown.all_inner_texts())) == 1


def test_a_song_of_the_playlist_sets_the_sliders(visit: Visitor) -> None:
    visitor = visit("en")
    sliders = visitor.page.locator("input[type=range]")
    sliders.nth(3).wait_for(state="attached")
    before = float(sliders.nth(3).input_value())
    visitor.page.get_by_text(visitor.locale("predict_preset_acousticness")).click()
    # The sliders change one after another.
    visitor.page.wait_for_function(
        "old => Number(document.querySelectorAll('input[type=range]')[3]?.value) > old", arg=before
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_sliders_are_seen_on_a_small_laptop(visit: Visitor, language: Language) -> None:
    assert visit(language).shows_all_sliders_on_a_small_laptop()


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_phone_the_answer_stays_in_sight_while_the_last_slider_moves(visit: Visitor, language: Language) -> None:
    page = visit(language, PHONE).page
    page.locator("input[type=range]").nth(3).evaluate("slider => slider.scrollIntoView({block: 'center'})")
    expect(page.locator(".st-key-answer")).to_be_in_viewport(ratio=0.9)
