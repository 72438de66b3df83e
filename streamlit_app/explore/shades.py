"""Colours between those of the theme."""

from streamlit_app.theme import Colours


def blend(colour: str, ground: str, share: float) -> str:
    """`share` of a colour laid over `ground`, all as #rrggbb."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(ground[1:]), strict=True)
    return "#" + bytes(round(share * above + (1 - share) * below) for above, below in pairs).hex()


def of_probability(colours: Colours) -> list[str]:
    """For 0 and 1: quiet enough for points above them, and apart in grey."""
    return [blend(colours.dislike, colours.background, 0.16), blend(colours.like, colours.background, 0.5)]


def of_correlation(colours: Colours) -> list[str]:
    """For -1, 0 and 1."""
    return [colours.dislike, blend(colours.quiet, colours.background, 0.12), colours.like]
