"""The pictures of the documents: every page, and ten seconds from a file to an answer and its reason."""

from functools import partial
from pathlib import Path

from PIL import Image, ImageSequence
from playwright.sync_api import FilePayload, ViewportSize, expect

from streamlit_app.i18n import Language
from tests.support.browser import LOOKS, Visit, Visitor
from tests.support.dashboard import TEXTS
from tests.support.moving_picture import MovingPicture
from tests.support.waiting import wait_for

PAGES = ["predict", "discover", "explore", "model", "songs", "pipeline"]
MOST_HEIGHT = 2_400

MOVING_SIZE: ViewportSize = {"width": 1000, "height": 704}
MOST_BYTES = 3_000_000
LINES: dict[Language, list[str]] = {
    "en": [
        "Drop a list of songs that you have not rated",
        "The model has learned your taste from your playlist",
        "It ranks them: the ones you will like come first",
        "Open one of them",
        "Will you like “{title}”, and why?",
    ],
    "es": [
        "Suelta una lista de canciones que no has valorado",
        "El modelo aprendió tu gusto de tu lista",
        "Las ordena: primero, las que te van a gustar",
        "Abre una de ellas",
        "¿Te va a gustar «{title}», y por qué?",
    ],
}
"""What happens in the moving picture, in the order in which it is said."""


def take_pictures(visit: Visitor, folder: Path) -> None:
    """Write the pictures of the pages into a folder, each in one look, the first in all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for width, scheme, language in LOOKS:
        visitor = visit(language, width, scheme)
        for name in PAGES if (width, scheme) == LOOKS[0][:2] else PAGES[:1]:
            visitor.open(name)
            if name == "discover":
                wait_for(partial(is_up_to_date, visitor), "the songs that the version in use recommends")
            if name == "songs":
                visitor.page.get_by_role("button", name=visitor.locale("songs_try")).click()
                visitor.page.get_by_test_id("stBaseButton-primary").click()
                visitor.page.get_by_role("heading", name=visitor.locale("songs_answer")).wait_for()
            # The page scrolls inside the window: a window that holds it has all of it in the picture.
            content = visitor.page.get_by_test_id("stMainBlockContainer").bounding_box()
            assert content
            visitor.page.set_viewport_size({"width": width, "height": round(min(content["height"], MOST_HEIGHT))})
            # Parts whose code the browser has not fetched yet.
            expect(visitor.page.get_by_test_id("stSkeleton")).to_have_count(0)
            visitor.settle().page.screenshot(path=folder / f"{name}-{width}-{scheme}-{language}.png")
            visitor.page.set_viewport_size({"width": width, "height": 900})


def is_up_to_date(visitor: Visit) -> bool:
    """Load the page "discover" again; return whether the version in use recommends its songs."""
    visitor.page.reload()
    page, locale = visitor.settle().page, visitor.locale
    stale = TEXTS["discover_stale"][locale.language].rpartition("}")[2].strip()
    songs = page.get_by_role("button", name=locale("take"), exact=True)
    return bool(songs.count()) and not page.get_by_text(stale).count()


def take_moving_picture(visit: Visitor, language: Language, path: Path) -> None:
    """Write ten seconds: a list of songs is dropped, ranked, and one of its songs explained."""
    visitor = visit(language).open("songs")
    page, locale = visitor.page, visitor.locale
    drop, learned, ranked, opened, why = LINES[language]
    page.set_viewport_size(MOVING_SIZE)
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    visitor.settle()
    file: FilePayload = {
        "name": locale("songs_template_file"),
        "mimeType": "text/csv",
        "buffer": locale("songs_example").encode(),
    }
    zone, table = page.get_by_test_id("stFileUploaderDropzone"), page.get_by_test_id("stDataFrame")
    answer = page.get_by_role("heading", name=locale("songs_answer"))

    picture = MovingPicture(page, 800, 60)
    picture.say(drop).carry(file["name"]).show(900).point(zone).show(300)
    zone.drop({"files": file})
    ask = page.get_by_test_id("stBaseButton-primary")
    ask.wait_for()
    # The events of a drop come so fast that the zone still waits for a file.
    zone.dispatch_event("dragleave")
    visitor.settle()
    picture.carry("").say(learned).show(300).scroll(ask, 520).show(600).point(ask).click()
    answer.wait_for()
    visitor.settle()
    picture.say(ranked).scroll(answer, 90).show(700)
    picture.scroll(page.get_by_role("heading", name=locale("songs_ranked")), 90).show(1100)
    # The table is drawn on a canvas: the third song's button stands below the header and two songs.
    title = table.locator("#glide-cell-1-2").inner_text()
    picture.say(opened).point(table, 528, 122).click()
    page.wait_for_selector(f"h1:has-text('{locale('predict_title')}')")
    visitor.settle()
    picture.say(why.format(title=title)).show(250).scroll(page.locator(".st-key-answer"), 90).show(1000)
    picture.scroll(page.get_by_role("heading", name=locale("predict_why")), 290).show(2200)
    picture.save(path)


def check_moving_picture(path: Path) -> None:
    """The picture is small, moves, and lasts about ten seconds."""
    assert path.stat().st_size < MOST_BYTES
    milliseconds = []
    with Image.open(path) as image:
        for frame in ImageSequence.Iterator(image):
            frame.load()  # which reads the duration
            milliseconds.append(frame.info["duration"])
    assert len(milliseconds) > 20
    assert 8_000 < sum(milliseconds) < 12_000
