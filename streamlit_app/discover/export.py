"""Songs as links, CSV and M3U."""

from collections.abc import Sequence

from song_preference.features import FEATURES
from song_preference.serving.songs import CatalogueSong
from song_preference.song_table.output import harmless, written

NAMING = ("title", "artist", "album", "year", "genre", "popularity")
HEADER = (*NAMING, "probability", "reason", "spotify_url", *FEATURES, "id", "isrc")
DECIMALS = 6


def links(songs: Sequence[CatalogueSong]) -> list[str]:
    """Return the addresses of the songs at Spotify, of those that have one."""
    return [song.spotify_url for song in songs if song.spotify_url]


def as_csv(songs: Sequence[CatalogueSong]) -> bytes:
    """Return the songs as CSV, with the mark that tells spreadsheets that it is UTF-8; every cell is `harmless`."""
    rows = ([harmless(_cell(value)) for value in _row(song)] for song in songs)
    return written([HEADER, *rows], ",", "\r\n").encode("utf-8-sig")


def _row(song: CatalogueSong) -> list[object]:
    naming = [getattr(song, name) for name in NAMING]
    return [*naming, song.probability, song.reason, song.spotify_url, *song.features.row(), song.id, song.isrc]


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)


def as_m3u(songs: Sequence[CatalogueSong]) -> bytes:
    """Return the songs that have a link as a playlist; their length is not known, which -1 says."""
    lines = ["#EXTM3U"]
    for song in songs:
        if song.spotify_url:
            # A line break in a title would begin an entry of its own.
            name = " ".join(f"{song.artist} - {song.title}".split())
            lines += [f"#EXTINF:-1,{name}", song.spotify_url]
    return "".join(f"{line}\n" for line in lines).encode()
