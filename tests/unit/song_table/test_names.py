"""Files that name songs and have no features are read where the caller needs none."""

from pathlib import Path
from typing import Any

import pytest

from song_preference.errors import InvalidDataset
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.song_table.read import opened
from tests.support.named_songs import ENTRIES, spotify_zip, tune_my_music, your_library
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
