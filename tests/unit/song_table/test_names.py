"""Files that name songs and have no features: read where the caller needs none, and what a look-up added to them."""

from pathlib import Path
from typing import Any

import pytest

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.song_table.read import opened
from tests.support.named_songs import CATALOGUE, ENTRIES, ORIGIN, found_in, spotify_zip, tune_my_music, your_library
from tests.support.song_tables import LIMIT, Table, packed

EXPORTIFY = "\ufeffTrack URI,Track Name,Album Name,Artist Name(s),Added\nspotify:track:{id},{title},A,{artist},26\n"
SONG = ENTRIES[0]
LIBRARY = your_library([SONG], [ENTRIES[1]])


def named(tmp_path: Path, content: bytes) -> list[tuple[Any, ...]]:
    """Return row, title, artist and id of each song."""
    path = tmp_path / "file"
    path.write_bytes(content)
    (tmp_path / "database").mkdir()
    with opened(path, tmp_path / "database", max_bytes=LIMIT, needs="names") as table:
        assert not set(FEATURES) & set(table.known)
        song_id = "id" if "id" in table.known else "null"
        return table.query(f"select row, title, artist, {song_id} from songs where is_usable order by row")  # noqa: S608


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (tune_my_music([SONG], with_ids=True), 2),
        (b"My songs, exported\n\n" + tune_my_music([SONG], with_ids=True).replace(b",", b";"), 4),
        (EXPORTIFY.format(**SONG._asdict()).encode(), 2),
        (EXPORTIFY.format(**SONG._asdict()).encode("utf-16"), 2),
        (packed(tune_my_music([SONG], with_ids=True), "songs.csv"), 2),
    ],
)
def test_a_file_of_names_is_read_where_no_features_are_needed(tmp_path: Path, content: bytes, row: int) -> None:
    assert named(tmp_path, content) == [(row, SONG.title, SONG.artist, SONG.id)]


@pytest.mark.parametrize("content", [LIBRARY, spotify_zip([SONG], [ENTRIES[1]]), packed(LIBRARY, "songs.json")])
def test_the_library_that_spotify_sends_is_read(tmp_path: Path, content: bytes, table: Table) -> None:
    assert [row[1:] for row in named(tmp_path, content)] == [tuple(song[:3]) for song in ENTRIES[:2]]
    # Elsewhere it is rejected as before.
    with pytest.raises(InvalidDataset) as raised:
        table(content)
    assert [finding.rule for finding in raised.value.findings] == [Message("no_audio_features")]


@pytest.mark.parametrize("name", ["../YourLibrary.json", "a/YourLibrary.json.exe", "__MACOSX/YourLibrary.json"])
def test_a_zip_without_that_library_has_no_songs(tmp_path: Path, name: str) -> None:
    content = packed(LIBRARY, name, "Playlist1.json")
    if name.startswith(".."):
        # Its name is never used as a path.
        assert len(named(tmp_path, content)) == 2
        assert {path.name for path in tmp_path.iterdir()} == {"file", "database"}
        return
    with pytest.raises(InvalidDataset, match="TuneMyMusic"):
        named(tmp_path, content)


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
