"""Small drawings in HTML, where a chart would be too much."""

from collections.abc import Mapping
from html import escape

from song_preference.features import DISLIKE, LIKE
from streamlit_app.explore.shades import of_probability
from streamlit_app.theme import Colours
from streamlit_app.words import Words

GAP = "display:flex;flex-wrap:wrap;align-items:center;gap:0.3rem 1.4rem"
LEGEND = f"{GAP};font-size:0.9rem"
SWATCH = "display:inline-block;vertical-align:middle;margin-right:0.5rem"


def proportion(likes: int, dislikes: int, colours: Colours, words: Words) -> str:
    """Liked and disliked songs as two lengths of one bar, with their numbers below."""
    total = likes + dislikes
    sides = ((LIKE, likes, colours.like), (DISLIKE, dislikes, colours.dislike))
    lengths = "".join(f'<span style="flex:{count};background:{colour}"></span>' for _, count, colour in sides)
    numbers = "".join(
        f"<span>{words(label)}: <strong>{words.number(count)}</strong> ({words.percent(count / total)})</span>"
        for label, count, _ in sides
    )
    told = escape(words("explore_bar", likes=words.number(likes), dislikes=words.number(dislikes)))
    return (
        f'<div role="img" aria-label="{told}" style="display:flex;gap:3px;height:1.1rem;border-radius:0.55rem;'
        f'overflow:hidden">{lengths}</div>'
        f'<div style="{GAP};justify-content:space-between;margin-top:0.45rem">{numbers}</div>'
    )


def distribution_legend(colours: Colours, words: Words) -> str:
    """What line and area stand for."""
    return _legend(
        {
            words("likes"): f"width:1.6rem;border-top:3px solid {colours.like}",
            words("dislikes"): f"width:1.6rem;height:0.8rem;background:{colours.dislike}",
        }
    )


def scatter_legend(colours: Colours, words: Words, *, has_surface: bool) -> str:
    """What points and background stand for."""
    swatches = {
        words(LIKE): f"width:0.75rem;height:0.75rem;border-radius:50%;background:{colours.like}",
        words(DISLIKE): "width:0.85rem;height:0.75rem;clip-path:polygon(50% 0,100% 100%,0 100%);"
        f"background:{colours.dislike}",
    }
    if has_surface:
        low, high = of_probability(colours)
        ends = f"{words('explore_probability_0')} → {words('explore_probability_1')}"
        swatches[ends] = (
            f"width:4rem;height:0.8rem;background:linear-gradient(to right,{low},{high});"
            f"outline:1px solid {colours.quiet}"
        )
    return _legend(swatches)


def _legend(swatches: Mapping[str, str]) -> str:
    entries = (f'<span><span style="{SWATCH};{style}"></span>{escape(text)}</span>' for text, style in swatches.items())
    return f'<div style="{LEGEND}">{"".join(entries)}</div>'


def details(facts: Mapping[str, str]) -> str:
    """Names and values, however long, one below the other."""
    entries = (
        f'<div style="margin-bottom:0.7rem"><dt style="font-weight:600">{escape(name)}</dt>'
        f'<dd style="margin:0;overflow-wrap:anywhere">{escape(value)}</dd></div>'
        for name, value in facts.items()
    )
    return f'<dl style="margin:0;padding:0;columns:18rem;column-gap:2rem">{"".join(entries)}</dl>'
