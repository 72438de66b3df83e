"""The address of a page, the browser's Back, and songs that are taken from one page to another."""

import csv
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from playwright.sync_api import Page, expect

from song_preference.features import DISLIKE, FEATURES, LIKE
from streamlit_app.i18n import Language
from streamlit_app.predict.kept import MOST_KEPT
from tests.support.browser import DESKTOP, PHONE, Visit, Visitor
from tests.support.waiting import wait_for


def asked(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def wait_for_address(page: Page, holds: Callable[[dict[str, str]], bool]) -> None:
    page.wait_for_url(lambda url: holds({name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}))


def wait_for_energy(page: Page, value: str) -> None:
    wait_for_address(page, lambda query: query.get("energy") == value)


def wait_for_sliders(page: Page, values: list[str]) -> None:
    page.wait_for_function(
        "values => `${[...document.querySelectorAll('input[type=range]')].map(each => each.value)}` === `${values}`",
        arg=values,
    )


def sliders(page: Page) -> list[str]:
    return [slider.input_value() for slider in page.locator("input[type=range]").all()]


def press(visitor: Visit, slider: int, key: str) -> None:
    every = visitor.page.locator("input[type=range]")
    # They appear one by one: before all are there, a number means another slider.
    expect(every).to_have_count(len(FEATURES))
    every.nth(slider).focus()
    visitor.page.keyboard.press(key)
    visitor.settle()


@pytest.mark.parametrize(("language", "width"), [("en", DESKTOP), ("es", PHONE)])
def test_back_undoes_choices_and_no_moves_of_a_slider(visit: Visitor, language: Language, width: int) -> None:
    visitor = visit(language, width)
    page = visitor.page
    entries = page.evaluate("history.length")
    press(visitor, 1, "End")
    wait_for_address(page, lambda query: query.get("energy") == "1")
    moved = sliders(page)
    page.get_by_text(visitor.locale("predict_preset_acousticness"), exact=True).click()
    wait_for_address(page, lambda query: query.get("energy") != "1")
    press(visitor, 0, "End")
    wait_for_address(page, lambda query: query.get("speechiness") == "1")
    page.get_by_test_id("stButtonGroup").get_by_text("REST", exact=True).click()
    wait_for_address(page, lambda query: query.get("protocol") == "REST")
    visitor.settle()
    assert page.evaluate("history.length") == entries + 2
    page.go_back()
    expect(page.get_by_test_id("stButtonGroup").get_by_text(visitor.locale("predict_own"), exact=True)).to_be_visible()
    page.wait_for_selector(f"[aria-checked=true]:has-text('{visitor.locale('predict_own')}')")
    assert sliders(page)[0] == "100"
    page.go_back()
    wait_for_sliders(page, moved)
    page.go_forward()
    wait_for_address(page, lambda query: query.get("speechiness") == "1")


@pytest.mark.parametrize(("language", "width"), [("es", DESKTOP), ("en", PHONE)])
def test_a_reload_and_a_visit_elsewhere_keep_the_values(visit: Visitor, language: Language, width: int) -> None:
    visitor = visit(language, width)
    page = visitor.page
    press(visitor, 2, "End")
    protocol = page.get_by_test_id("stButtonGroup").get_by_role("radio", name="REST", exact=True)
    protocol.click()
    wait_for_address(page, lambda query: (query.get("danceability"), query.get("protocol")) == ("1", "REST"))
    before, query = sliders(page), asked(page)
    visitor.open("explore").open("predict")
    wait_for_address(page, lambda found: found == query)
    wait_for_sliders(page, before)
    page.reload()
    visitor.settle()
    wait_for_sliders(page, before)
    expect(protocol).to_be_checked()
    assert asked(page) == query


def test_another_language_has_the_same_values(visit: Visitor) -> None:
    visitor = visit("es")
    page = visitor.page
    press(visitor, 2, "End")
    before = sliders(page)
    page.get_by_test_id("stSidebar").get_by_role("combobox").click()
    page.get_by_role("option", name="English").click()
    page.wait_for_selector("h1:has-text('Will you like it?')")
    visitor.settle()
    wait_for_sliders(page, before)
    page.go_back()
    page.wait_for_selector("h1:has-text('¿Te va a gustar?')")
    wait_for_sliders(page, before)


@pytest.mark.parametrize(("language", "width"), [("es", DESKTOP), ("en", PHONE)])
def test_a_reload_keeps_the_filters_of_the_songs_and_back_undoes_them(
    visit: Visitor, language: Language, width: int
) -> None:
    visitor = visit(language, width).open("explore")
    page = visitor.page
    labels = page.get_by_role("radiogroup", name=visitor.locale("label"), exact=True)
    liked, disliked = (labels.get_by_role("radio", name=visitor.locale(name), exact=True) for name in (LIKE, DISLIKE))
    disliked.click()
    wait_for_address(page, lambda query: query.get("label") == DISLIKE)
    visitor.settle()
    page.locator(".st-key-explore_energy input[type=range]").first.focus()
    page.keyboard.press("ArrowRight")
    wait_for_address(page, lambda query: query.get("energy") == "0.05-1")
    page.reload()
    visitor.settle()
    expect(disliked).to_be_checked()
    assert asked(page).items() >= {("label", DISLIKE), ("energy", "0.05-1")}
    liked.click()
    wait_for_address(page, lambda query: query.get("label") == LIKE)
    visitor.settle()
    page.go_back()
    expect(disliked).to_be_checked()
    wait_for_address(page, lambda query: (query.get("label"), query.get("energy")) == (DISLIKE, "0.05-1"))


def test_a_song_is_taken_to_predict_and_kept_aside(visit: Visitor) -> None:
    visitor = visit("en").open("explore")
    page = visitor.page
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    visitor.settle()
    # The table is drawn on a canvas: the button stands in the first cell below the header.
    table.click(position={"x": 40, "y": 52})
    page.wait_for_selector(f"h1:has-text('{visitor.locale('predict_title')}')")
    visitor.settle()
    taken = sliders(page)
    page.go_back()
    page.wait_for_selector(f"h1:has-text('{visitor.locale('explore_title')}')")
    page.go_forward()
    page.wait_for_selector(f"h1:has-text('{visitor.locale('predict_title')}')")
    visitor.settle()
    wait_for_sliders(page, taken)
    page.get_by_role("button", name=visitor.locale("predict_keep"), exact=True).click()
    page.get_by_role("heading", name=visitor.locale("predict_kept")).wait_for()
    press(visitor, 1, "End")
    press(visitor, 0, "End")
    assert sliders(page) != taken
    visitor.open("songs").open("predict")
    for name in ("predict_kept_back", "predict_kept_remove"):
        page.get_by_role("button", name=visitor.locale(name)).focus()
        page.keyboard.press("Enter")
        visitor.settle()
        wait_for_sliders(page, taken)
    expect(page.get_by_role("heading", name=visitor.locale("predict_kept"))).to_have_count(0)


def test_the_keyboard_takes_a_song_of_the_table_too(visit: Visitor) -> None:
    visitor = visit("es").open("explore")
    page = visitor.page
    songs = page.get_by_role("combobox", name=visitor.locale("take_one"))

    def opened() -> bool:
        # Streamlit's list now and then takes a second key to open.
        songs.press("ArrowDown")
        return songs.get_attribute("aria-expanded") == "true"

    wait_for(opened, "the songs", 20)
    page.keyboard.press("Enter")
    page.wait_for_selector(f"h1:has-text('{visitor.locale('predict_title')}')")
    page.go_back()
    page.wait_for_selector(f"h1:has-text('{visitor.locale('explore_title')}')")
    visitor.settle()
    expect(page.get_by_role("heading", name=visitor.locale("explore_title"))).to_be_visible()


def test_there_is_room_again_once_a_song_is_removed_and_back_and_a_reload_bring_it_back(visit: Visitor) -> None:
    visitor = visit("es")
    keep = visitor.page.get_by_role("button", name=visitor.locale("predict_keep"), exact=True)
    which = visitor.locale("predict_kept_which")
    numbers = visitor.page.get_by_role("radiogroup", name=which, exact=True).get_by_role("radio")
    for number in range(MOST_KEPT):
        press(visitor, 1, "ArrowRight")
        wait_for_energy(visitor.page, f"{0.53 + number / 100:g}")
        keep.click()
        expect(numbers).to_have_count(number + 1)
        visitor.settle()
    expect(keep).to_be_disabled()
    visitor.page.get_by_role("button", name=visitor.locale("predict_kept_remove")).click()
    expect(keep).to_be_enabled()
    # The button is drawn before the address is written.
    wait_for_address(visitor.page, lambda query: query["kept"].count(",") == MOST_KEPT - 2)
    visitor.page.go_back()
    expect(numbers).to_have_count(MOST_KEPT)
    visitor.page.reload()
    visitor.settle()
    expect(numbers).to_have_count(MOST_KEPT)
    expect(keep).to_be_disabled()


def test_the_link_opens_the_same_song_in_the_same_language(visit: Visitor) -> None:
    visitor = visit("en", locale="en-US")
    page = visitor.page
    page.goto(urljoin(page.url, "/?energy=1"))
    visitor.settle()
    wait_for_energy(page, "1")
    page.get_by_test_id("stPopoverButton").filter(has_text=visitor.locale("predict_share")).click()
    shared = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode")
    expect(shared).to_contain_text("energy=1")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shared.hover()
    shared.get_by_role("button", name="Copy to clipboard").click()
    wait_for(lambda: page.evaluate("navigator.clipboard.readText()") == shared.inner_text(), "the copied link", 20)
    other = visit("en", address=page.evaluate("navigator.clipboard.readText()"), locale="es")
    expect(other.page.get_by_role("heading", name=other.locale("predict_title"))).to_be_visible()
    wait_for_sliders(other.page, sliders(page))


def test_a_song_of_a_list_is_taken_to_predict(visit: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "songs.csv"
    file.write_text("speechiness,energy,danceability,acousticness\n0.9,0.12,0.13,0.2\n0.04,0.52,0.51,0.71\n")
    visitor = visit("es").open("songs")
    page = visitor.page
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name=visitor.locale("songs_ask", good=2)).click()
    page.get_by_role("heading", name=visitor.locale("songs_ranked")).wait_for()
    # While the script runs, a button may be drawn anew, and the click is lost.
    visitor.settle()
    with page.expect_download() as download:
        page.get_by_role("button", name=visitor.locale("songs_download")).click()
    second = list(csv.DictReader(download.value.path().read_text("utf-8-sig").splitlines()))[1]
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    visitor.settle()
    # The table is drawn on a canvas: the button stands in the third of five columns, below the header and a song.
    table.click(position={"x": 420, "y": 88})
    page.wait_for_selector(f"h1:has-text('{visitor.locale('predict_title')}')")
    wait_for_sliders(page, [f"{float(second[feature]) * 100:.0f}" for feature in FEATURES])
