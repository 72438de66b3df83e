"""HTML of what Streamlit has no element for: parts with their state, and steps of a run."""

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

import streamlit as st

from streamlit_app.theme import LIGHT, colours

BAD = {True: "#a3341d", False: "#ff9f88"}
"""By whether the theme is light; apart from the colours of like and dislike, which mean another thing."""

MARKS = {"up": "✓", "done": "✓", "down": "✕", "failed": "✕", "unknown": "?", "skipped": "»", "retrying": "↻"}
"""What has none of them waits, or turns."""

LAYOUT = """
.sp-parts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(15rem, 100%), 1fr)); gap: .75rem;
  list-style: none; margin: 0 0 1rem; padding: 0; }
.sp-parts > li { border: 1px solid var(--sp-line); border-radius: .9rem; padding: .85rem 1rem; margin: 0;
  display: flex; flex-direction: column; gap: .3rem; }
.sp-parts > li.sp-wide { grid-column: 1 / -1; }
.sp-head { display: flex; align-items: center; gap: .55rem; justify-content: space-between; }
.sp-name { font-weight: 600; }
.sp-state { display: inline-flex; align-items: center; gap: .4rem; font-size: .875rem; white-space: nowrap; }
.sp-small { font-size: .875rem; line-height: 1.4; opacity: .82; }
.sp-links { margin-top: auto; font-size: .875rem; overflow-wrap: anywhere; }
.sp-inner { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; margin: .15rem 0;
  padding: 0; }
.sp-parts .sp-inner > li { display: inline-flex; align-items: center; gap: .4rem; margin: 0; padding: 0;
  font-size: .875rem; }
.sp-mark { display: inline-grid; place-items: center; flex: none; width: 1.25em; height: 1.25em; border-radius: 50%;
  font-size: .9em; font-weight: 700; line-height: 1; box-sizing: border-box; }
.sp-up, .sp-done { background: var(--sp-good); color: var(--paper); }
.sp-down, .sp-failed { background: var(--sp-bad); color: var(--paper); }
.sp-unknown, .sp-skipped, .sp-retrying { border: 1.5px solid currentColor; }
.sp-waiting, .sp-unreached { border: 1.5px dashed currentColor; opacity: .5; }
.sp-running { border: 2.5px solid var(--sp-good); border-right-color: transparent;
  animation: sp-turn 1s linear infinite; }
@keyframes sp-turn { to { transform: rotate(1turn); } }
@media (prefers-reduced-motion: reduce) { .sp-running { animation-duration: 6s; } }
.sp-notes > li { font-size: .875rem !important; margin-bottom: .1rem !important; }
.sp-steps { list-style: none; margin: 0 0 1rem; padding: 0; }
.sp-steps > li { display: grid; grid-template-columns: 1.5rem 1fr auto; align-items: center; gap: .55rem; margin: 0;
  padding: .42rem 0; border-bottom: 1px solid var(--sp-line); }
.sp-steps > li:last-child { border-bottom: 0; }
.sp-steps .sp-mark { font-size: 1em; }
.sp-now { font-weight: 600; }
/* What is drawn again every few seconds must not flicker meanwhile. */
[data-stale="true"] { opacity: 1 !important; }
[data-testid="stStatusWidget"] { display: none; }
.sp-side { font-size: .875rem; opacity: .82; font-variant-numeric: tabular-nums; text-align: right; }
"""


class Step(NamedTuple):
    """One row of a run, in the listener's language."""

    kind: str
    """Names the mark."""
    name: str
    state: str
    seconds: str | None


class Card(NamedTuple):
    """One part of the platform, in the listener's language."""

    kind: str
    name: str
    state: str
    purpose: str
    note: str | None
    components: list[tuple[str, str]]
    """Kind and words of each."""
    is_wide: bool
    """Whether it has a row of its own."""
    link: tuple[str, str] | None
    """Its text and address; no address where it has no page."""


def style() -> None:
    """Give the page what its HTML is drawn with, in the colours of the theme."""
    chosen = colours()
    variables = {
        "good": chosen.like,
        "bad": BAD[chosen is LIGHT],
        "line": f"{chosen.quiet}55",
    }
    named = " ".join(f"--sp-{name}: {value};" for name, value in variables.items())
    st.html(f"<style>:root {{ {named} }} {LAYOUT}</style>")


def show(markup: str) -> None:
    """Draw it; links open beside the dashboard."""
    st.markdown(markup, unsafe_allow_html=True)


def mark(kind: str) -> str:
    """The sign before a state, which its words repeat."""
    return f'<span class="sp-mark sp-{kind}" aria-hidden="true">{MARKS.get(kind, "")}</span>'


def small(text: str) -> str:
    """A line beside the main thing."""
    return f'<p class="sp-small">{escape(text)}</p>'


def note_list(notes: Iterable[str]) -> str:
    """Remarks, one below the other."""
    return f'<ul class="sp-notes">{"".join(f"<li>{escape(note)}</li>" for note in notes)}</ul>'


def step_list(steps: Iterable[Step]) -> str:
    """The steps of a run, one below the other."""
    return f'<ol class="sp-steps">{"".join(map(_step, steps))}</ol>'


def card_grid(cards: Iterable[Card]) -> str:
    """Cards beside each other as far as there is room."""
    return f'<ul class="sp-parts">{"".join(map(_card, cards))}</ul>'


def _step(step: Step) -> str:
    emphasis = ' class="sp-now"' if step.kind == "running" else ""
    side = f"{step.state} · {step.seconds}" if step.seconds else step.state
    return (
        f"<li>{mark(step.kind)}<span{emphasis}>{escape(step.name)}</span>"
        f'<span class="sp-side">{escape(side)}</span></li>'
    )


def _card(card: Card) -> str:
    name = f'<span class="sp-name">{escape(card.name)}</span>'
    state = f'<span class="sp-state">{mark(card.kind)}{escape(card.state)}</span>'
    lines = [f'<div class="sp-head">{name}{state}</div>', f'<div class="sp-small">{escape(card.purpose)}</div>']
    if card.note:
        lines.append(f'<div class="sp-small">{escape(card.note)}</div>')
    if card.components:
        inner = "".join(f"<li>{mark(kind)}{escape(words)}</li>" for kind, words in card.components)
        lines.append(f'<ul class="sp-inner">{inner}</ul>')
    if card.link:
        lines.append(f'<div class="sp-links">{_link(*card.link)}</div>')
    width = ' class="sp-wide"' if card.is_wide else ""
    return f"<li{width}>{''.join(lines)}</li>"


def _link(text: str, address: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>' if address else escape(text)
