import pytest

from streamlit_app.components import harmless


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "-", "-inf", "-1_0", "+x"])
def test_a_text_that_would_be_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "-6.9", "-6,9", "+2", "-1e-05", "A-ha", "1+1", "'=1+1", "a\t=b", "¿=?"])
def test_numbers_and_other_texts_stay(cell: str) -> None:
    assert harmless(cell) == cell
