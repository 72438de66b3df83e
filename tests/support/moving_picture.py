"""A moving picture of a page: the window at chosen moments, with a pointer, and a line that says what happens."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Self

from PIL import Image
from playwright.sync_api import Locator, Page

STEPS = 5
"""Frames of a movement, of the pointer or of the page that scrolls."""

STEP_MS, CLICK_MS = 70, 250

OVERLAY = """() => {
  const overlay = document.createElement("div");
  overlay.innerHTML = `<style>
    #pointer, #line { position: fixed; z-index: 2147483647; pointer-events: none; font: 600 21px "Source Sans"; }
    #pointer { left: 0; top: 0; }
    #pointer svg { display: block; filter: drop-shadow(0 1px 2px #0008); }
    #pointer.down svg { border-radius: 50%; box-shadow: -7px -9px 0 14px #0d6b6355; background: #0d6b6355; }
    #file { margin: -4px 0 0 20px; padding: 6px 14px; border-radius: 8px; background: #fff; color: #221d2b;
      box-shadow: 0 2px 8px #0005; }
    #file:empty { display: none; }
    #line { left: 0; right: 0; bottom: 0; padding: 13px; text-align: center; background: #221d2b; color: #fff; }
  </style>
  <div id="pointer"><svg width="24" height="30" viewBox="0 0 24 30"><path d="M2 2v22l6-5 4 9 4-2-4-9h8z" fill="#111"
    stroke="#fff" stroke-width="2"/></svg><div id="file"></div></div><div id="line"></div>`;
  document.documentElement.append(overlay);
}"""
"""Browsers do not draw their pointer into a screenshot."""

SET_TEXT = "([id, text]) => { document.getElementById(id).textContent = text; }"
PUT_POINTER = "([x, y]) => { document.getElementById('pointer').style.translate = `${x}px ${y}px`; }"
PRESS = "down => document.getElementById('pointer').classList.toggle('down', down)"


class MovingPicture:
    """Frames of a page, and how long each is shown."""

    def __init__(self, page: Page, x: float, y: float) -> None:
        self.page, self.frames, self.milliseconds = page, list[Image.Image](), list[int]()
        page.evaluate(OVERLAY)
        self._put(x, y)

    def say(self, line: str) -> Self:
        """Write a line below the page."""
        self.page.evaluate(SET_TEXT, ["line", line])
        return self

    def carry(self, name: str) -> Self:
        """Let the pointer carry a file; none if the name is empty."""
        self.page.evaluate(SET_TEXT, ["file", name])
        return self

    def show(self, milliseconds: int) -> Self:
        """Add a frame: the window as it is."""
        taken = BytesIO(self.page.screenshot(animations="disabled"))
        self.frames.append(Image.open(taken).convert("RGB"))
        self.milliseconds.append(milliseconds)
        return self

    def point(self, at: Locator, x: float | None = None, y: float | None = None) -> Self:
        """Move the pointer to a place in an element, by default its middle."""
        box = at.bounding_box()
        assert box
        right = box["x"] + (box["width"] / 2 if x is None else x) - self.x
        down = box["y"] + (box["height"] / 2 if y is None else y) - self.y
        from_x, from_y = self.x, self.y
        for share in _shares():
            self._put(from_x + share * right, from_y + share * down)
            self.show(STEP_MS)
        return self

    def click(self) -> Self:
        """Click where the pointer is."""
        self.page.evaluate(PRESS, True)
        self.show(CLICK_MS)
        self.page.evaluate(PRESS, False)
        self.page.mouse.click(self.x, self.y)
        return self

    def scroll(self, to: Locator, top: int) -> Self:
        """Scroll until an element is `top` pixels below the window's upper edge."""
        box, main = to.bounding_box(), self.page.get_by_test_id("stMain")
        assert box
        start = main.evaluate("main => main.scrollTop")
        for share in _shares():
            main.evaluate("(main, to) => { main.scrollTop = to; }", start + share * (box["y"] - top))
            self.show(STEP_MS)
        return self

    def save(self, path: Path) -> None:
        """Write the frames as WebP without loss, which has all colours and is smaller than a GIF with 256."""
        first, *others = self.frames
        first.save(
            path,
            save_all=True,
            append_images=others,
            duration=self.milliseconds,
            loop=0,
            lossless=True,
            method=6,
            minimize_size=True,
        )

    def _put(self, x: float, y: float) -> None:
        self.x, self.y = x, y
        self.page.mouse.move(x, y)
        self.page.evaluate(PUT_POINTER, [x, y])


def _shares() -> Iterator[float]:
    """Yield the shares of a way that are done, frame by frame; it begins and ends slowly."""
    for step in range(1, STEPS + 1):
        share = step / STEPS
        yield share * share * (3 - 2 * share)
