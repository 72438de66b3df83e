from pathlib import Path

import pytest

from song_preference.dataset.manage import check
from song_preference.errors import InvalidDataset
from streamlit_app.i18n import Words
from streamlit_app.translated import translated
from tests.support.dashboard import TEXTS
from tests.unit.dataset.test_schema import CSV


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("must be a number", "debe ser un número"),
        ("column 'duration_ms' is read as 'duration'", "la columna «duration_ms» se lee como «duration»"),
        ("says something new", "says something new"),
    ],
)
def test_findings_are_told_in_the_language_as_far_as_they_are_known(said: str, expected: str) -> None:
    assert translated(Words("es", TEXTS), said) == expected
    assert translated(Words("en", TEXTS), said) == said


HEADER, *ROWS = CSV.splitlines(keepends=True)
ENERGY = HEADER.split(b",").index(b"energy")


def with_energy(value: bytes) -> bytes:
    first = ROWS[0].split(b",")
    first[ENERGY] = value
    return b"".join([HEADER, b",".join(first), *ROWS[1:]])


@pytest.mark.parametrize(
    "playlist",
    [
        b"",
        b"\0",
        b"\xff\n",
        b"<!DOCTYPE html><html></html>",
        b"a,b\n1,2\n",
        HEADER,
        HEADER.replace(b",", b";") + b"1\n",
        HEADER.replace(b",", b"\t") + b"1\n",
        HEADER.replace(b",", b"|") + b"1\n",
        HEADER.replace(b"valence", b"energy") + ROWS[0],
        HEADER + ROWS[0] + b"1,2\n",
        HEADER + b'"' + ROWS[0],
        HEADER + ROWS[0],
        *map(with_energy, (b"x", b"", b"inf", b"2")),
    ],
)
def test_whatever_the_check_finds_is_told_in_spanish(playlist: bytes, tmp_path: Path) -> None:
    file = tmp_path / "playlist.csv"
    file.write_bytes(playlist)
    with pytest.raises(InvalidDataset) as refused:
        check(file)
    for finding in refused.value.findings:
        assert translated(Words("es", TEXTS), finding.rule) != finding.rule
