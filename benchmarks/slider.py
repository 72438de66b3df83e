"""Measure how fast the dashboard answers a person: `make bench-slider`, or `python -m benchmarks.slider [ADDRESS]`.

In Chromium, a slider on *Predict* is moved by the keyboard, a step at a time: measured is the time from the key to the
frame that shows another number in the gauge. Then every page is opened as by a bookmark: measured is the time until
its script has ended and its charts are drawn, after a first visit that fills the caches of browser and dashboard.
"""

import argparse
import os
import shutil
from statistics import median, quantiles

from playwright.sync_api import Browser, Page, sync_playwright

CONTROLS = {
    "predict": "[data-testid=stMain]:has([data-testid=stSlider]):has([data-testid=stVegaLiteChart])",
    "discover": "[data-testid=stMain] button",
    "explore": "[data-testid=stDataFrame]",
    "model": "[data-testid=stSlider]",
    "songs": "[data-testid=stFileUploader]",
    "pipeline": "[data-testid=stFileUploader]",
}
"""What a person uses on each page, with the gauge beside the sliders; on *Explore* it is at the end."""

MOVES, VISITS = 60, 5
MOST_KEYS = 4 * MOVES
"""Some steps leave the percentage as it is: they are no move."""

PAUSE_MS = 400
"""Least time between two keys, so that an answer belongs to one of them."""

WATCH = """() => {
  const gauge = document.querySelector("[data-testid=stVegaLiteChart]");
  const shown = () => [...gauge.querySelectorAll("svg text")].map(text => text.textContent).join();
  let before = shown(), began = 0;
  window.moves = [];
  addEventListener("keydown", () => { began = performance.now(); }, true);
  new MutationObserver(() => {
    if (shown() === before || !shown()) return;
    before = shown();
    requestAnimationFrame(() => moves.push(performance.now() - began));
  }).observe(gauge, {subtree: true, childList: true, characterData: true});
}"""
USABLE = """control => document.querySelector('[data-testid=stApp][data-test-script-state="notRunning"]')
  && document.querySelector(control)
  && [...document.querySelectorAll("[data-testid=stVegaLiteChart]")].every(chart => chart.querySelector("svg"))"""


def moves(page: Page) -> list[float]:
    """Return the milliseconds of each move: energy goes up to its end and down again."""
    page.evaluate(WATCH)
    page.locator(".st-key-song_energy input[type=range]").focus()
    for key in range(MOST_KEYS):
        page.keyboard.press("ArrowRight" if key % 100 < 50 else "ArrowLeft")
        page.wait_for_timeout(PAUSE_MS)
        page.wait_for_function(USABLE, arg=CONTROLS["predict"])
        if page.evaluate("moves.length") >= MOVES:
            break
    found: list[float] = page.evaluate("moves")
    return found


def open_page(page: Page, address: str, name: str) -> float:
    """Open a page and return the milliseconds until it can be used."""
    page.goto(f"{address}/{'' if name == 'predict' else name}")
    page.wait_for_function(USABLE, arg=CONTROLS[name])
    return float(page.evaluate("performance.now()"))


def measure(browser: Browser, address: str) -> None:
    """Print the figures."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    for name in CONTROLS:
        first, *later = [open_page(page, address, name) for _ in range(1 + VISITS)]
        print(f"{name}: usable after {median(later):,.0f} ms ({max(later):,.0f} at most), at first {first:,.0f} ms")
    open_page(page, address, "predict")
    found = moves(page)
    print(
        f"slider: {len(found)} moves, median {median(found):.0f} ms, "
        f"95th percentile {quantiles(found, n=20)[-1]:.0f} ms, slowest {max(found):.0f} ms"
    )


def main() -> None:
    """Measure the dashboard at an address."""
    parser = argparse.ArgumentParser(prog="benchmarks.slider", description=__doc__)
    parser.add_argument("address", nargs="?", default="http://127.0.0.1:8504")
    options = parser.parse_args()
    # Root may only run it without its sandbox.
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=found, args=["--disable-gpu", *sandbox])
        measure(browser, options.address.rstrip("/"))
        browser.close()


if __name__ == "__main__":
    main()
