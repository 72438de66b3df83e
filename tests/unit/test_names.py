import pytest

from song_preference.names import main_artist, name_key


@pytest.mark.parametrize(
    ("title", "artist"),
    [
        ("DÉJÀ VU", "beyonce"),
        ("Deja-vu", "Beyoncé, JAY-Z"),
        ("De\u0301ja\u0300 Vu", "Beyoncé feat. JAY-Z"),
        ("Déjà Vu!", "Beyoncé;JAY-Z"),
    ],
)
def test_case_accents_signs_and_further_artists_make_no_difference(title: str, artist: str) -> None:
    assert name_key(title, artist) == name_key("Déjà Vu", "Beyoncé")


def test_another_title_or_artist_is_another_song() -> None:
    keys = {name_key("a", "b"), name_key("ab", ""), name_key("b", "a"), name_key("!!!", "!!!"), name_key("???", "!!!")}
    assert len(keys) == 5


@pytest.mark.parametrize(
    ("artist", "first"),
    [
        ("A; B", "A"),
        ("A, B", "A"),
        ("A ft. B", "A"),
        ("A (feat. B)", "A"),
        ("A [Featuring B]", "A"),
        ("A (UK)", "A (UK)"),
        ("Daft Punk", "Daft Punk"),
        ("A (Feature)", "A (Feature)"),
        (", B", ", B"),
        ("(feat. B)", "(feat. B)"),
        ("Feature", "Feature"),
    ],
)
def test_the_first_artist_is_the_main_one(artist: str, first: str) -> None:
    assert main_artist(artist) == first
