"""Songs as links, CSV and M3U."""

import csv

import pytest

from song_preference.serving.songs import CatalogueSong
from streamlit_app.discover.page import HEADER, as_csv, as_m3u, links

URL = "https://open.spotify.com/track/4GiXBCUF7H6YfNQsnBRIzl"
SONG = CatalogueSong(
    id="4GiXBCUF7H6YfNQsnBRIzl",
    isrc=None,
    title="Déjà Vu, live",
    artist="Beyoncé",
    album=None,
    genre="pop",
    year=2006,
    popularity=90.0,
    spotify_url=URL,
    speechiness=0.05,
    energy=0.8249,
    danceability=1,
    acousticness=1e-7,
    probability=0.9137254,
    liked=True,
    reason="danceability",
)
NAMELESS = SONG.model_copy(update={"id": "made-up", "spotify_url": None})


def test_links_are_those_of_songs_that_have_one() -> None:
    assert links([SONG, NAMELESS]) == [URL]


def test_csv_has_every_song() -> None:
    content = as_csv([SONG, NAMELESS])
    assert content.startswith(b"\xef\xbb\xbf")
    first, second = csv.DictReader(content.decode("utf-8-sig").splitlines())
    assert list(first) == list(HEADER)
    values = {"title": "Déjà Vu, live", "album": "", "year": "2006", "popularity": "90", "probability": "0.913725"}
    values |= {"reason": "danceability", "spotify_url": URL, "danceability": "1", "acousticness": "0", "isrc": ""}
    assert first | values == first
    assert second["spotify_url"] == ""


@pytest.mark.parametrize("title", ["=1+1", "@SUM(A1)", "+1;2", "-cmd|'/c calc'!A1", "\tx"])
def test_a_spreadsheet_runs_no_cell(title: str) -> None:
    (row,) = csv.DictReader(
        as_csv([SONG.model_copy(update={"title": title, "artist": title})]).decode("utf-8-sig").splitlines()
    )
    assert row["title"] == row["artist"] == f"'{title}"


def test_m3u_has_a_line_of_names_and_a_link_for_each_song() -> None:
    broken = SONG.model_copy(update={"title": "One\r\nhttp://elsewhere.example"})
    lines = as_m3u([SONG, NAMELESS, broken]).decode().splitlines()
    assert lines == [
        "#EXTM3U",
        "#EXTINF:-1,Beyoncé - Déjà Vu, live",
        URL,
        "#EXTINF:-1,Beyoncé - One http://elsewhere.example",
        URL,
    ]
