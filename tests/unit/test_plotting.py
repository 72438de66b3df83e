import matplotlib as mpl
import numpy as np

from song_preference.plotting import PANEL_INCHES, STYLE, drawing, heat_map, unit_square


def test_a_figure_has_its_panels_and_their_size() -> None:
    width, height = PANEL_INCHES
    with drawing("Title", rows=2, columns=3) as (figure, axes):
        assert axes.shape == (6,)
    assert tuple(figure.get_size_inches()) == (3 * width, 2 * height)
    assert figure.get_suptitle() == "Title"


def test_the_style_ends_with_the_drawing() -> None:
    before = {name: mpl.rcParams[name] for name in STYLE}
    with drawing("Title"):
        assert {name: mpl.rcParams[name] for name in STYLE} != before
    assert {name: mpl.rcParams[name] for name in STYLE} == before


def test_a_cell_holds_its_text_in_a_colour_that_can_be_read() -> None:
    with drawing("Title") as (_, (axes,)):
        heat_map(axes, np.array([[0.1, 0.9]]), [["low", "high"]])
    shown = [(text.get_text(), text.get_position(), text.get_color()) for text in axes.texts]
    assert shown == [("low", (0, 0), "black"), ("high", (1, 0), "white")]


def test_a_square_of_shares_shows_all_of_both() -> None:
    with drawing("Title") as (_, (axes,)):
        unit_square(axes, "one", "other")
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("one", "other")
    assert axes.get_xlim() == axes.get_ylim()
    low, high = axes.get_xlim()
    assert low < 0
    assert high > 1
