"""Chromium on the dashboard of a running platform."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, sync_playwright

from local_stack.config import ROOT
from operations.probe import problem
from streamlit_app.i18n import Language
from tests.support.browser import DESKTOP, PHONE, PHONES_BROWSER, Scheme, Visit, Visitor
from tests.support.ports import free_port

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run"]


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
    """Opens the dashboard, or an address of it, in a new browser; at the end no browser may have complained."""
    visits: list[Visit] = []

    def open_dashboard(
        language: Language = "es",
        width: int = DESKTOP,
        scheme: Scheme = "light",
        address: str | None = None,
        locale: str | None = None,
    ) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            user_agent=PHONES_BROWSER if width == PHONE else None,
            is_mobile=width == PHONE,
            has_touch=width == PHONE,
            locale=locale,
        )
        visits.append(
            Visit(context.new_page(), address or f"{environment['STREAMLIT_URL']}/?lang={language}", language)
        )
        return visits[-1]

    yield open_dashboard
    for each in visits:
        each.page.context.close()
    assert [complaint for each in visits for complaint in each.complaints] == []


@contextmanager
def served(module: str, *options: str, environment: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Run a dashboard with `python -m` and yield its address."""
    port = free_port()
    command = [sys.executable, "-m", module, *options]
    with subprocess.Popen([*command, str(port)], cwd=ROOT, env=environment) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            while problem(f"{url}/_stcore/health"):
                assert server.poll() is None
            yield url
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def bare_violations(chromium: Browser) -> Iterator[set[str]]:
    """The rules of axe-core that a bare Streamlit page breaks."""
    script = str(Path(__file__).with_name("bare.py"))
    with served("streamlit", "run", script, "--server.headless", "true", "--server.port") as url:
        page = chromium.new_page()
        page.goto(url)
        page.get_by_test_id("stFileUploaderDropzone").wait_for()
        yield {item["id"] for item in Axe().run(page).response["violations"]}


@pytest.fixture(scope="module")
def only_predicting(environment: dict[str, str]) -> Iterator[str]:
    """The address of a dashboard that manages no datasets."""
    with served("streamlit_app", "--port", environment={**environment, "MANAGE_DATASETS": "false"}) as url:
        yield url
