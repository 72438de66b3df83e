"""What the column of a look-up tells: how many songs it found, where, and which it did not."""

from song_preference.features import FEATURES
from song_preference.messages import Message
from tests.support.named_songs import CATALOGUE, ORIGIN, found_in
from tests.support.song_tables import Table

HEADER = ",".join(["title", *FEATURES, "label", "features_from"])


def test_a_table_tells_what_a_look_up_found(table: Table) -> None:
    found, missing = f"A,0.1,0.2,0.3,0.4,1,{ORIGIN}\n", "".join(f"B{n},,,,,0,\n" for n in range(12))
    own = "C,0.5,0.5,0.5,0.5,0,\n"
    songs = table(f"{HEADER}\n{found}{missing}{own}".encode())
    names = [*(f"B{number}" for number in range(10)), "..."]
    note = Message("songs_found", {"found": 1, "rows": 13, "origin": [found_in(1)], "not_found": names})
    assert songs.notes[-1] == note
    assert (songs.rows, songs.unusable, songs.not_found) == (14, 12, 12)


def test_a_column_of_that_name_without_a_word_tells_nothing(table: Table) -> None:
    songs = table(f"{HEADER}\nA,0.1,0.2,0.3,0.4,1,\nB,,,,,0,\n".encode())
    assert (songs.not_found, songs.notes) == (0, [])


def test_a_song_without_a_name_is_shown_by_its_row(table: Table) -> None:
    rows = f"{HEADER},genre\nA,0.1,0.2,0.3,0.4,1,{'x' * 500},\n,,,,,0,,pop\n{'y' * 500},,,,,0,,\n"
    note = table(rows.encode()).notes[-1]
    assert note.params["not_found"] == ["#3", "y" * 80]
    assert note.params["origin"] == [found_in(1, "x" * 80)]


def test_each_of_two_origins_is_named_in_the_reader_s_language(table: Table) -> None:
    rows = "".join(f"{n},0.1,0.2,0.3,0.4,1,{ORIGIN if n % 3 else 'features.example'}\n" for n in range(5, 15))
    note = table(f"{HEADER}\n{rows}B,,,,,0,\n".encode()).notes[-1]
    assert note.params["origin"] == [found_in(7), found_in(3, "features.example")]
    assert note.text("en") == (
        f"10 of 11 songs found (7 in the catalogue {CATALOGUE}; 3 in features.example), and their features taken from "
        "there; not found: B"
    )
    assert note.text("es") == (
        f"10 de 11 canciones encontradas (7 en el catálogo {CATALOGUE}; 3 en features.example), con sus medidas "
        "tomadas de allí; no encontradas: B"
    )
    # As it was stored before there were services.
    before = Message(note.code, {**note.params, "origin": ORIGIN})
    assert before.text().startswith(f"10 of 11 songs found ({ORIGIN}), ")
