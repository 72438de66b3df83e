"""The page "songs": a file goes in, a ranked one comes out."""

import csv
from pathlib import Path

import pytest

from tests.support.browser import Visitor

SONGS = [f"Song {number},{number / 400:.4f},0.5,0.6,0.2" for number in range(400)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "songs.csv"
    path.write_text(
        "\n".join(["title,speechiness,energy,danceability,acousticness", *SONGS, "Broken,2,0.5,0.6,0.2", ""])
    )
    return path


def test_an_uploaded_file_is_checked_ranked_and_downloaded(visit: Visitor, file: Path) -> None:
    visitor = visit("es").open("songs")
    page = visitor.page
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name=visitor.locale("songs_ask", good=len(SONGS))).click()
    page.get_by_role("heading", name=visitor.locale("songs_answer")).wait_for()
    visitor.settle()
    assert page.get_by_test_id("stDataFrame").count() == 2  # what is wrong, and what is ranked
    with page.expect_download() as download:
        page.get_by_role("button", name=visitor.locale("songs_download")).click()
    rows = list(csv.DictReader(download.value.path().read_text("utf-8-sig").splitlines()))
    probabilities = [float(row["probability"]) for row in rows[:-1]]
    assert len(rows) == len(SONGS) + 1
    assert probabilities == sorted(probabilities, reverse=True)
    assert (rows[-1]["title"], rows[-1]["probability"]) == ("Broken", "")
    assert "speechiness" in rows[-1]["error"]
