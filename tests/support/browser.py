"""A visitor of the dashboard in Chromium."""

import re
from collections.abc import Callable
from typing import Literal, Self

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect

from streamlit_app.i18n import LANGUAGES, Language, Locale
from tests.support.dashboard import TEXTS

PATIENCE_MS = 60_000
DESKTOP, PHONE = 1366, 390
LAPTOP_HEIGHT = 768
PHONES_BROWSER = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36"
"""By its name Streamlit knows that the menu must close itself."""

Scheme = Literal["light", "dark"]
TEXT = "main h1, [data-testid=stMain] h1"

expect.set_options(timeout=PATIENCE_MS)

MAIN_IS_WIDER = """() => {
  const main = document.querySelector("[data-testid=stMain]");
  return main.scrollWidth > main.clientWidth || document.documentElement.scrollWidth > window.innerWidth;
}"""

MOST_TABS = 200
"""Greatest number of elements that Tab stops at in a page."""

START_OF_TABS = """main => {
  window.reached = new Map();
  window.look = each => {
    const parts = [];
    // The thumb of a slider is lit, and not the element that has the focus.
    for (let at = each; at && parts.length < 16; at = at.parentElement) {
      const {outline, boxShadow, borderColor, backgroundColor} = getComputedStyle(at);
      parts.push(outline, boxShadow, borderColor, backgroundColor);
    }
    return `${parts}`;
  };
  window.drawn = () => new Promise(requestAnimationFrame).then(() =>
    document.getAnimations().filter(each => each instanceof CSSTransition).forEach(each => each.finish()));
  main.tabIndex = -1;
  main.focus();
}"""
IS_STILL_IN_MAIN = """main => drawn().then(() => {
  const at = document.activeElement, isInside = at !== main && main.contains(at);
  if (isInside) reached.set(at, look(at));
  return isInside;
})"""
END_OF_TABS = """main => drawn().then(() => {
  const kinds = "a[href], button, input, textarea, summary, [role=tab], [role=slider], [role=radio], [role=combobox]";
  const groups = "[role=radiogroup], [role=tablist], [data-testid=stSelectbox], [data-testid=stFileUploader]";
  const controls = [...main.querySelectorAll(kinds)]
    .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.disabled);
  // Of a group, Tab stops at one element, whose keys lead to the others.
  const isReached = each => [...reached.keys()].some(at => (each.closest(groups) ?? each).contains(at));
  const isSeen = each => !reached.has(each) || reached.get(each) !== look(each);
  return controls.filter(each => !isReached(each) || !isSeen(each)).map(each => each.outerHTML);
})"""


class Visit:
    """One visitor of the dashboard; whatever their browser complains about is kept."""

    def __init__(self, page: Page, address: str, language: Language) -> None:
        self.page, self.locale, self.complaints = page, Locale(language, TEXTS), list[str]()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(address)
        self.settle()

    def _note(self, message: ConsoleMessage) -> None:
        # Loaded at the address of a page, Streamlit looks for its server below the page first.
        if message.type == "error" and not re.search(r"/\w+/_stcore/", message.location["url"]):
            self.complaints.append(message.text)

    def settle(self) -> Self:
        """Wait until the script has run to its end, and charts and tables are drawn."""
        self.page.wait_for_selector(TEXT)
        self.page.wait_for_selector('[data-testid=stApp][data-test-script-state="notRunning"]')
        self.page.wait_for_function("""() => [...document.querySelectorAll("[data-testid=stVegaLiteChart]")]
            .every(chart => chart.querySelector("svg, canvas"))""")
        # A table is drawn on a canvas; what screen readers find of it comes later.
        self.page.wait_for_function("""() => [...document.querySelectorAll("[data-testid=stDataFrame]")]
            .every(table => table.querySelector("[role=columnheader]"))""")
        return self

    def open(self, name: str) -> Self:
        """Go to a page through the menu, which on a phone lies beside the page and goes away by itself."""
        sidebar, is_phone = self.page.get_by_test_id("stSidebar"), self.page.evaluate("innerWidth") == PHONE
        if is_phone:
            self.page.get_by_test_id("stExpandSidebarButton").click()
            expect(sidebar).to_have_attribute("data-collapsed", "false")
        self.page.get_by_test_id("stSidebarNavLink").filter(has_text=self.locale(f"page_{name}")).click()
        if is_phone:
            expect(sidebar).to_have_attribute("data-collapsed", "true")
        self.page.wait_for_selector(f"h1:has-text('{self.locale(f'{name}_title')}')")
        return self.settle()

    def shows_all_sliders_on_a_small_laptop(self) -> bool:
        """Return whether the page "predict" has its four sliders above the fold of a screen of 1366 by 768."""
        self.page.set_viewport_size({"width": DESKTOP, "height": LAPTOP_HEIGHT})
        box = self.settle().page.locator(".st-key-song_acousticness").bounding_box()
        # The note about the sample's songs goes with the listener's first own list.
        note = self.page.locator("[data-testid=stAlert]:not(.st-key-newer *)")
        above = note.first.bounding_box() if note.count() else None
        return bool(box and box["y"] + box["height"] - (above["height"] if above else 0) <= LAPTOP_HEIGHT)

    def hidden_from_tab(self) -> list[str]:
        """Press Tab through the page; return its controls that were not reached, or did not show that they were."""
        main = self.page.get_by_test_id("stMainBlockContainer")
        main.evaluate(START_OF_TABS)
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if not main.evaluate(IS_STILL_IN_MAIN):
                break
        found: list[str] = main.evaluate(END_OF_TABS)
        return found

    def scrolls_sideways(self) -> bool:
        return bool(self.page.evaluate(MAIN_IS_WIDER))

    def violations(self) -> dict[str, list[str]]:
        """Return the elements at fault by axe-core's rule."""
        found = Axe().run(self.page).response["violations"]
        return {item["id"]: [node["html"] for node in item["nodes"]] for item in found}


Visitor = Callable[..., Visit]

LOOKS: list[tuple[int, Scheme, Language]] = [
    (DESKTOP, "light", "es"),
    (DESKTOP, "dark", "en"),
    (PHONE, "light", "en"),
    (PHONE, "dark", "es"),
]
"""Each width in each theme, and each language with both."""

assert {look[2] for look in LOOKS} == set(LANGUAGES)
