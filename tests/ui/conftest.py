"""Chromium on the dashboard of a running platform."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, Self

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from song_preference.probe import problem
from streamlit_app.i18n import LANGUAGES, Language, Words
from tests.conftest import ROOT
from tests.support.dashboard import TEXTS

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]
PATIENCE_MS = 60_000
DESKTOP, PHONE = 1366, 390
PHONES_BROWSER = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/141.0 Mobile Safari/537.36"
"""By its name Streamlit knows that the menu must close itself."""

Scheme = Literal["light", "dark"]
TEXT = "main h1, [data-testid=stMain] h1"

expect.set_options(timeout=PATIENCE_MS)

MAIN_IS_WIDER = """() => {
  const main = document.querySelector("[data-testid=stMain]");
  return main.scrollWidth > main.clientWidth || document.documentElement.scrollWidth > window.innerWidth;
}"""


class Visit:
    """One visitor of the dashboard; whatever their browser complains about is kept."""

    def __init__(self, page: Page, url: str, language: Language) -> None:
        self.page, self.words, self.complaints = page, Words(language, TEXTS), list[str]()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(f"{url}/?lang={language}")
        self.settle()

    def settle(self) -> Self:
        """Wait until the script has run to its end, and the charts are drawn."""
        self.page.wait_for_selector(TEXT)
        self.page.wait_for_selector('[data-testid=stApp][data-test-script-state="notRunning"]')
        self.page.wait_for_function("""() => [...document.querySelectorAll("[data-testid=stVegaLiteChart]")]
            .every(chart => chart.querySelector("svg, canvas"))""")
        return self

    def open(self, name: str) -> Self:
        """Go to a page through the menu, which on a phone lies beside the page and goes away by itself."""
        sidebar, is_phone = self.page.get_by_test_id("stSidebar"), self.page.evaluate("innerWidth") == PHONE
        if is_phone:
            self.page.get_by_test_id("stExpandSidebarButton").click()
            expect(sidebar).to_have_attribute("data-collapsed", "false")
        self.page.get_by_test_id("stSidebarNavLink").filter(has_text=self.words(f"page_{name}")).click()
        if is_phone:
            expect(sidebar).to_have_attribute("data-collapsed", "true")
        self.page.wait_for_selector(f"h1:has-text('{self.words(f'{name}_title')}')")
        return self.settle()

    def scrolls_sideways(self) -> bool:
        return bool(self.page.evaluate(MAIN_IS_WIDER))

    def violations(self) -> dict[str, list[str]]:
        """What axe-core finds, by rule: the elements at fault."""
        found = Axe().run(self.page).response["violations"]
        return {item["id"]: [node["html"] for node in item["nodes"]] for item in found}


Visitor = Callable[..., Visit]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert found, "There is no Chromium: `make test-ui` installs it."
    with sync_playwright() as playwright:
        # Root may only run it without its sandbox.
        sandbox = [] if os.geteuid() else ["--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=found, args=[*QUIET, *sandbox])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, environment: dict[str, str]) -> Iterator[Visitor]:
    """Opens the dashboard; at the end no browser may have complained."""
    visits: list[Visit] = []

    def open_dashboard(language: Language = "es", width: int = DESKTOP, scheme: Scheme = "light") -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            user_agent=PHONES_BROWSER if width == PHONE else None,
            is_mobile=width == PHONE,
            has_touch=width == PHONE,
        )
        visits.append(Visit(context.new_page(), environment["STREAMLIT_URL"], language))
        return visits[-1]

    yield open_dashboard
    for each in visits:
        each.page.context.close()
    assert [complaint for each in visits for complaint in each.complaints] == []


@pytest.fixture(scope="session")
def bare_violations(chromium: Browser) -> Iterator[set[str]]:
    """The rules of axe-core that a bare Streamlit page breaks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    script = str(Path(__file__).with_name("bare.py"))
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    with subprocess.Popen([*command, "--server.headless", "true"], cwd=ROOT) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            while problem(f"{url}/_stcore/health", []):
                assert server.poll() is None
            page = chromium.new_page()
            page.goto(url)
            page.get_by_test_id("stFileUploaderDropzone").wait_for()
            yield {item["id"] for item in Axe().run(page).response["violations"]}
        finally:
            server.terminate()


LOOKS: list[tuple[int, Scheme, Language]] = [
    (DESKTOP, "light", "es"),
    (DESKTOP, "dark", "en"),
    (PHONE, "light", "en"),
    (PHONE, "dark", "es"),
]
"""Each width in each theme, and each language with both."""

assert {look[2] for look in LOOKS} == set(LANGUAGES)
