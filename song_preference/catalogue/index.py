"""The index of a catalogue: one read-only SQLite file with songs, words of their names, and a model's predictions.

Songs have their numbers in the order of popularity, so that the first rows of a search are the best known.
"""

import hashlib
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from song_preference.catalogue.scoring import BATCH_SONGS
from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import Scores
from song_preference.dataset.store import RAW, DatasetStore
from song_preference.errors import DatasetNotFound, InvalidDataset
from song_preference.features import FEATURES, SONG_KEY
from song_preference.names import name_key
from song_preference.serving.model import ServedModel
from song_preference.serving.predictor import shapley_values
from song_preference.serving.song_index import FORMAT
from song_preference.song_table.catalogue import NAMED
from song_preference.song_table.database import OWN_NUMBER
from song_preference.song_table.playlist import two_files
from song_preference.song_table.read import opened
from song_preference.temporary import temporary_directory

EXPLAINED = 2_000
"""Songs that have their strongest reason: the likeliest likes. An explanation takes 1,401 answers of the model."""

KEYS = ("id", "isrc", SONG_KEY)
"""Columns of a dataset that identify its songs."""

LONGEST_GENRE = 100
"""Characters of a genre that can be asked for."""

COLUMNS = ("id", "isrc", "title", "artist", "album", "genre", "year", "popularity", *FEATURES)

SCHEMA = f"""
pragma journal_mode = off;
pragma synchronous = off;
create table about (catalogue text, model text, dataset text, songs integer, format text);
create table songs (
    number integer primary key, {", ".join(COLUMNS)}, name integer,
    probability real, liked integer, is_own integer, reason text
);
create table genres (
    genre text collate nocase, probability real, number integer, primary key (genre, probability desc, number)
) without rowid;
create virtual table words using fts5 (
    title, artist, content = '', columnsize = 0, prefix = '2 3 4 5', tokenize = 'unicode61 remove_diacritics 2'
);
"""

FINISHED = """
insert into words (rowid, title, artist) select number, title, artist from songs order by number;
insert into words (words) values ('optimize');
create index songs_by_probability on songs (probability desc, number, year, popularity) where liked and not is_own;
create index songs_by_popularity on songs (number, year, popularity) where liked and not is_own;
create index genres_by_popularity on genres (genre, number);
create index songs_by_id on songs (id);
create index songs_by_isrc on songs (isrc) where isrc is not null;
create index songs_by_name on songs (name);
analyze;
"""
"""What is made once all songs are there, which takes less time than song by song."""


class OwnSongs:
    """The songs of the list that the model was trained on, to leave them out where songs are recommended."""

    def __init__(self, datasets: DatasetStore, version: str | None) -> None:
        self.version = version
        self._keys, self._names, self._features = set[str](), set[int](), set[bytes]()
        for songs in _described(datasets, version) if version else ():
            keys = (key for name in KEYS if name in songs for key in songs[name].dropna())
            self._keys.update(key for key in keys if not OWN_NUMBER.fullmatch(key))
            if set(NAMED) <= set(songs):
                named = songs[[*NAMED]].dropna().itertuples(index=False)
                self._names.update(name_key(title, artist) for title, artist in named)
            if FEATURES[0] in songs:
                self._features.update(_digests(songs[list(FEATURES)].dropna().to_numpy(np.float32)))

    def include(self, row: dict[str, Any], digest: bytes, name: int) -> bool:
        """Return whether a song of the catalogue is one of them: by id, ISRC, title and artist, or features."""
        is_known = row["id"] in self._keys or row["isrc"] in self._keys
        return is_known or name in self._names or digest in self._features


def _described(datasets: DatasetStore, version: str) -> Iterator[pd.DataFrame]:
    """Yield what a dataset tells of its songs, then what its file tells of all its rows; raise `DatasetNotFound`."""
    with temporary_directory() as directory:
        path = directory / "songs"
        datasets.fetch(version, "scaled", path)
        there = set(pq.read_schema(path).names)
        wanted = [name for name in (*KEYS, *NAMED, *FEATURES) if name in there]
        yield pq.read_table(path, columns=wanted).to_pandas()
        # Songs that were not found, or are liked and disliked at once, are in the file alone.
        with suppress(DatasetNotFound, InvalidDataset):
            datasets.fetch(version, RAW, path)
            # What lies in the store was unpacked within the limit before.
            for file in two_files(path, directory, sys.maxsize) or [path]:
                with opened(file, file.parent, max_bytes=sys.maxsize, needs="names") as table:
                    wanted = [name for name in (*KEYS, *NAMED) if name in table.known]
                    wanted += [f"if(is_usable, {name}, null) as {name}" for name in FEATURES if name in table.known]
                    table.connection.execute(f"select {', '.join(wanted)} from songs")
                    while len(rows := table.connection.fetch_df_chunk()):
                        yield rows


class Row(NamedTuple):
    """A song of an index, as its table holds it but for its number."""

    values: tuple[Any, ...]
    """The values of `COLUMNS`."""
    name: int
    """Its `name_key`."""
    probability: float
    liked: bool
    is_own: bool


def build(store: CatalogueStore, scores: Scores, own: OwnSongs, target: Path, most_songs: int) -> int:
    """Write the index of the `most_songs` most popular songs to a file that does not exist yet; return how many it has.

    Raise `CatalogueNotFound` where a part was removed meanwhile.
    """
    rows = islice(_rows(store, scores, own), most_songs)
    return write(target, (scores.catalogue, scores.model, own.version), rows)


def write(target: Path, about: tuple[str, str, str | None], rows: Iterable[Row]) -> int:
    """Write songs, the most popular first, to a new file about a catalogue, a model and its dataset; count them."""
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.executescript(SCHEMA)
        connection.execute("begin")
        values = ", ".join("?" * (len(COLUMNS) + 4))
        insert = f"insert into songs values (null, {values}, null)"
        connection.executemany(insert, ((*row.values, *row[1:]) for row in rows))
        # Another release of a song in the list is no recommendation either.
        connection.execute("update songs set is_own = 1 where name in (select name from songs where is_own)")
        connection.executemany("insert or ignore into genres values (?, ?, ?)", _genres(connection))
        connection.execute("commit")
        connection.executescript(FINISHED)
        ((songs,),) = connection.execute("select count(*) from songs").fetchall()
        connection.execute("insert into about values (?, ?, ?, ?, ?)", (*about, songs, FORMAT))
        return int(songs)


def _rows(store: CatalogueStore, scores: Scores, own: OwnSongs) -> Iterator[Row]:
    for part in store.find(scores.catalogue).parts:
        with temporary_directory() as directory:
            songs, answers = directory / "songs", directory / "scores"
            store.fetch_part(scores.catalogue, part.name, songs)
            store.fetch_part(scores.catalogue, part.name, answers, scores.folder)
            both = (pq.ParquetFile(path).iter_batches(BATCH_SONGS) for path in (songs, answers))
            for batch, answered in zip(*both, strict=True):
                features = np.column_stack([batch[name] for name in FEATURES])
                answer = zip(answered["probability"].to_pylist(), answered["liked"].to_pylist(), strict=True)
                rows = zip(batch.select(COLUMNS).to_pylist(), _digests(features), answer, strict=True)
                for row, digest, (probability, liked) in rows:
                    name = name_key(row["title"], row["artist"])
                    is_own = own.include(row, digest, name)
                    row["id"] = row["id"] or _made_up_id(name, digest)
                    yield Row(tuple(row.values()), name, probability, liked, is_own)


def _genres(connection: sqlite3.Connection) -> Iterator[tuple[str, float, int]]:
    """Yield the genres of the songs that may be proposed; a song may have several."""
    proposed = "select genre, probability, number from songs where liked and not is_own and genre is not null"
    for genres, probability, number in connection.execute(proposed):
        for genre in re.split("[,;]", genres):
            if 0 < len(name := genre.strip()) <= LONGEST_GENRE:
                yield name, probability, number


def explain(index: Path, model: ServedModel) -> None:
    """Note for the likeliest likes the feature that adds most to the probability."""
    with closing(sqlite3.connect(index)) as connection, connection:
        best = connection.execute(
            f"select number, {', '.join(FEATURES)} from songs where liked and not is_own "
            f"order by probability desc, number limit {EXPLAINED}"
        ).fetchall()
        for number, *row in best:
            song: NDArray[np.float32] = np.array(row, dtype=np.float32)
            reason = FEATURES[int(shapley_values(model, song).argmax())]
            connection.execute("update songs set reason = ? where number = ?", (reason, number))


def _digests(features: NDArray[np.float32]) -> Iterator[bytes]:
    """Yield the features of each song (n, 4), rounded to a millionth, as bytes."""
    return map(bytes, np.rint(features.astype(np.float64) * 1e6).astype(np.int32))


def _made_up_id(name: int, digest: bytes) -> str:
    """Return an id for a song without one: its names and features make it, so another index has it too."""
    return hashlib.sha256(name.to_bytes(8, signed=True) + digest).hexdigest()[:20]
