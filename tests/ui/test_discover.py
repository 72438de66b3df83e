"""A catalogue: searched by name on the page "predict", and recommended from on the page "discover"."""

import csv

import httpx
import pytest
from playwright.sync_api import expect

from local_stack.config import Config
from streamlit_app.i18n import LANGUAGES, Language
from tests.support.browser import DESKTOP, LOOKS, PHONE, Scheme, Visit, Visitor
from tests.support.song_index import EXAMPLE
from tests.support.waiting import wait_for

SONG = "Northern Signal"
ARTIST = "Velvet Ferry"


@pytest.fixture(scope="session", autouse=True)
def catalogue(stack: Config) -> None:
    """The made-up catalogue, imported and scored, unless that was done on the empty page."""
    key = {"X-API-Key": stack.environment["API_KEY"]}
    with httpx.Client(base_url=stack.environment["FASTAPI_URL"], timeout=60) as rest:
        if rest.get("/songs", params={"query": f"{SONG} {ARTIST}"}).json().get("songs"):
            return
        answer = rest.post("/catalogue", headers=key, files={"file": (EXAMPLE.name, EXAMPLE.read_bytes())})
        assert answer.status_code == httpx.codes.ACCEPTED, answer.text
        run = answer.headers["Location"]
        wait_for(lambda: rest.get(run).json()["state"] == "success", "the import of the catalogue")
        version = rest.get(run).json()["version"]

        def is_indexed() -> bool:
            index = rest.get("/catalogue").json()["index"]
            return bool(index and index["catalogue"] == version and not index["stale"])

        wait_for(is_indexed, "the index of the catalogue")


def search_for(visitor: Visit, query: str) -> None:
    box = visitor.page.get_by_role("searchbox", name=visitor.locale("predict_search"))
    # The dashboard may fetch the index somewhat later than the REST service.
    for _ in range(10):
        if box.count():
            break
        visitor.page.wait_for_timeout(1_000)
        visitor.page.reload()
        visitor.settle()
    box.fill(query)


@pytest.mark.parametrize(("width", "language"), [(DESKTOP, "es"), (PHONE, "en")])
def test_a_title_is_typed_and_answered_with_a_reason(visit: Visitor, width: int, language: Language) -> None:
    visitor = visit(language, width)
    page = visitor.page
    search_for(visitor, f"{SONG} {ARTIST}".lower())
    match = page.get_by_role("radio", name=SONG).first
    match.focus()
    page.keyboard.press("Enter")
    answer = page.locator(".st-key-answer")
    expect(answer.get_by_text(f"{SONG} — {ARTIST}")).to_be_visible()
    expect(answer.get_by_text(visitor.locale("because", feature="", value=0)[:10])).to_be_visible()
    page.wait_for_url("**song=*")
    visitor.settle()
    assert not visitor.scrolls_sideways()
    page.reload()
    expect(answer.get_by_text(f"{SONG} — {ARTIST}")).to_be_visible()
    slider = page.locator("input[type=range]").nth(1)
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(answer.get_by_text(SONG)).to_have_count(0)
    page.wait_for_url(lambda url: "song=" not in url)


@pytest.mark.parametrize("language", LANGUAGES)
def test_with_a_song_all_sliders_are_seen_on_a_small_laptop(visit: Visitor, language: Language) -> None:
    visitor = visit(language)
    page = visitor.page
    page.set_viewport_size({"width": DESKTOP, "height": 768})
    search_for(visitor, SONG)
    page.get_by_role("radio", name=SONG).first.click()
    expect(page.locator(".st-key-answer").get_by_text(SONG)).to_be_visible()
    expect(page.get_by_role("radio", name=SONG)).to_have_count(0)  # the matches have gone
    visitor.settle()
    # With the listener's own list there is no note about the sample's songs above the page.
    note, title = page.get_by_test_id("stAlert"), page.locator("h1").bounding_box()
    above = note.first.bounding_box() if note.count() else title
    assert title
    assert above
    for part in (".st-key-song_acousticness", ".st-key-answer"):
        box = page.locator(part).bounding_box()
        assert box
        assert box["y"] + box["height"] - (title["y"] - above["y"]) <= 768, part


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_phone_the_answer_about_a_song_stays_in_sight_at_the_last_slider(
    visit: Visitor, language: Language
) -> None:
    visitor = visit(language, PHONE)
    page = visitor.page
    search_for(visitor, SONG)
    page.get_by_role("radio", name=SONG).first.click()
    answer = page.locator(".st-key-answer")
    expect(answer.get_by_text(SONG)).to_be_visible()
    expect(page.get_by_role("radio", name=SONG)).to_have_count(0)  # the matches have gone
    visitor.settle()
    page.locator("input[type=range]").nth(3).evaluate("slider => slider.scrollIntoView({block: 'center'})")
    expect(answer).to_be_in_viewport(ratio=0.9)


def test_a_name_that_no_song_has_is_said_to_have_none(visit: Visitor) -> None:
    visitor = visit("es")
    search_for(visitor, "xyzzy")
    expect(visitor.page.get_by_text(visitor.locale("predict_no_match"))).to_be_visible()


def test_a_recommended_song_is_opened_in_predict_and_back(visit: Visitor) -> None:
    visitor = visit("en").open("discover")
    page = visitor.page
    page.get_by_role("radio", name="10", exact=True).click()
    page.wait_for_url("**songs=10*")
    visitor.settle()
    genre = page.get_by_role("combobox", name=visitor.locale("discover_genre"))
    genre.click()
    page.get_by_role("option", name="rock", exact=True).click()
    page.wait_for_url("**genre=rock*")
    visitor.settle()
    page.go_back()
    expect(genre).to_have_value(visitor.locale("discover_any_genre"))
    page.wait_for_url(lambda url: "genre=" not in url and "songs=10" in url)
    visitor.settle()
    titles = page.get_by_test_id("stMarkdown").filter(has_text=" — ")
    expect(titles).to_have_count(10)
    title = titles.nth(2).locator("strong").inner_text()
    page.get_by_role("button", name=visitor.locale("take"), exact=True).nth(2).click()
    page.wait_for_selector(f"h1:has-text('{visitor.locale('predict_title')}')")
    expect(page.locator(".st-key-answer").get_by_text(title)).to_be_visible()
    page.go_back()
    page.wait_for_selector(f"h1:has-text('{visitor.locale('discover_title')}')")
    page.wait_for_url("**songs=10*")


def test_the_songs_are_downloaded(visit: Visitor) -> None:
    visitor = visit("es").open("discover")
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name=visitor.locale("discover_csv")).click()
    rows = list(csv.DictReader(download.value.path().read_text("utf-8-sig").splitlines()))
    probabilities = [float(row["probability"]) for row in rows]
    assert len(probabilities) > 1
    assert probabilities == sorted(probabilities, reverse=True)


@pytest.mark.parametrize(("width", "scheme", "language"), LOOKS)
def test_songs_fit_their_screen_and_are_no_harder_to_use_than_a_bare_page(
    visit: Visitor, bare_violations: set[str], width: int, scheme: Scheme, language: Language
) -> None:
    visitor = visit(language, width, scheme).open("discover")
    assert not visitor.page.get_by_test_id("stException").count()
    assert visitor.page.get_by_role("button", name=visitor.locale("take"), exact=True).count() > 1
    assert not visitor.scrolls_sideways()
    found = visitor.violations()
    assert {rule: found[rule] for rule in found.keys() - bare_violations} == {}
