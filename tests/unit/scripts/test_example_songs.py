"""The example files that the documents' commands name."""

import re
import runpy
from pathlib import Path

import pytest

from local_stack.config import ROOT
from song_preference.dataset.prepare import prepare
from song_preference.song_table import catalogue
from song_preference.song_table.scoring import blocks_of, read_songs

EXAMPLES: dict[str, str] = runpy.run_path(str(ROOT / "scripts" / "example_songs.py"))["examples"]()
INCOMING = ROOT / "incoming"
NAMED = re.compile(r"(?<!s3://data/)incoming/([\w-]+\.csv)")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_committed_files_are_those_of_the_script(name: str) -> None:
    assert (INCOMING / name).read_text(encoding="utf-8") == EXAMPLES[name]


@pytest.mark.parametrize(("name", "likes", "dislikes"), [("example_playlist", 36, 24), ("lista_de_ejemplo", 16, 24)])
def test_an_example_of_a_playlist_is_prepared_whole(name: str, likes: int, dislikes: int, tmp_path: Path) -> None:
    report = prepare(INCOMING / f"{name}.csv", tmp_path, max_bytes=10**6).report
    assert (report.likes, report.dislikes) == (likes, dislikes)
    assert report.rows_kept == report.rows_raw
    assert {"duration", "tempo", "loudness"} == report.scaler.keys()


def test_an_example_of_new_songs_is_scored_whole(tmp_path: Path) -> None:
    found = read_songs(INCOMING / "new_songs.csv", tmp_path, 10**6)
    (block,) = blocks_of(found, 100, 10**6)
    assert len(block.features) == 10
    assert (bool(block.usable.all()), block.faults) == (True, {})


def test_an_example_of_a_catalogue_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "raw"
    file.write_text(EXAMPLES["example_catalogue.csv"], encoding="utf-8")
    with catalogue.opened(file, tmp_path, 10**6) as found:
        assert (found.songs, found.read.rows, found.read.left_out) == (500, 500, 0)


@pytest.mark.parametrize("document", ["README.md", *(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md"))])
def test_files_that_a_command_names_are_there(document: str) -> None:
    named = NAMED.findall((ROOT / document).read_text(encoding="utf-8"))
    assert set(named) <= EXAMPLES.keys()
    assert named or document != "docs/your-own-playlist.md"
