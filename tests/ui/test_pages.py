"""What holds for every page."""

import pytest
from playwright.sync_api import expect

from streamlit_app.i18n import LANGUAGES, Language
from tests.support.browser import LOOKS, Scheme, Visitor

PAGES = ["predict", "discover", "explore", "model", "songs", "pipeline"]


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_every_page_fits_its_screen_and_is_no_harder_to_use_than_a_bare_one(
    visit: Visitor, bare_violations: set[str], width: int, scheme: Scheme, language: Language
) -> None:
    visitor = visit(language, width, scheme)
    for name in PAGES:
        visitor.open(name)
        assert not visitor.page.get_by_test_id("stException").count(), name
        assert not visitor.scrolls_sideways(), name
        found = visitor.violations()
        assert {rule: found[rule] for rule in found.keys() - bare_violations} == {}, name


def test_tab_reaches_every_control_of_every_page_and_shows_where_it_is(visit: Visitor) -> None:
    visitor = visit()
    for name in PAGES:
        assert visitor.open(name).hidden_from_tab() == [], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_the_platform_only_predicts_nothing_can_be_changed(
    visit: Visitor, only_predicting: str, language: Language
) -> None:
    controls = "[data-testid=stFileUploader], .st-key-pipeline_start, .st-key-model_version"
    assert visit(language).open("pipeline").page.locator(controls).count()
    visitor = visit(language, address=f"{only_predicting}/?lang={language}")
    expect(visitor.page.locator(".st-key-answer")).to_be_visible()
    for name, is_said in {"explore": True, "model": False, "pipeline": True}.items():
        page = visitor.open(name).page
        assert not page.locator(controls).count(), name
        assert page.get_by_test_id("stAlert").get_by_text("MANAGE_DATASETS=false").count() == is_said, name


@pytest.mark.parametrize(("locale", "language"), [("en-US", "en"), ("es", "es")])
def test_a_first_visit_is_in_the_language_of_the_browser(
    visit: Visitor, environment: dict[str, str], locale: str, language: Language
) -> None:
    visitor = visit(language, address=environment["STREAMLIT_URL"], locale=locale)
    expect(visitor.page.get_by_role("heading", name=visitor.locale("predict_title"))).to_be_visible()
    assert "lang" not in visitor.page.url


def test_language_and_theme_are_switched_in_place(visit: Visitor) -> None:
    visitor = visit("es", scheme="light")
    page = visitor.page

    def background() -> str:
        return str(page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor"))

    light = background()
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    page.get_by_test_id("stMainMenuItem-theme-Dark").click()
    page.wait_for_function(
        "light => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor !== light", arg=light
    )
    page.keyboard.press("Escape")
    page.get_by_test_id("stSidebar").get_by_role("combobox").click()
    page.get_by_role("option", name="English").click()
    page.wait_for_selector("h1:has-text('Will you like it?')")
