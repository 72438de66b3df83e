"""A catalogue of made-up songs, as an import would have published it, and what the champion says of it in S3."""

import time
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import CatalogueVersion, Part, scores_folder
from song_preference.dataset.version import Source
from song_preference.features import FEATURES
from song_preference.serving.model import ServedModel

PART_SONGS = 250_000


def made_up(store: CatalogueStore, count: int) -> CatalogueVersion:
    """Publish a catalogue of made-up songs."""
    random, parts = np.random.default_rng(count), list[Part]()
    name = f"{time.time_ns():x}"[-12:]
    with TemporaryDirectory() as directory:
        for first in range(0, count, PART_SONGS):
            size = min(PART_SONGS, count - first)
            path = Path(directory) / "part"
            songs: dict[str, Any] = {feature: random.random(size, dtype=np.float32) for feature in FEATURES}
            numbers = pa.array(np.arange(first, first + size)).cast(pa.string())
            texts = {"title": numbers, "artist": numbers, "id": numbers}
            nothing = {column: pa.nulls(size, pa.string()) for column in ("isrc", "album", "genre")}
            numeric = {"year": pa.nulls(size, pa.int16()), "popularity": pa.nulls(size, pa.float32())}
            pq.write_table(pa.table({**texts, **nothing, **numeric, **songs}), path, compression="zstd")
            parts.append(Part(name=f"part-{len(parts):05}.parquet", songs=size))
            store.put_part(name, parts[-1].name, path)
    source = Source(kind="sample", uri="sample", sha256="0" * 64, size_bytes=0)
    now = datetime.now(UTC)
    version = CatalogueVersion(
        version=name,
        created_at=now,
        source=source,
        rows=count,
        rows_left_out=0,
        notes=[],
        songs=count,
        parts=parts,
    )
    store.publish(version)
    return version


class Scoring(NamedTuple):
    """A catalogue whose songs a champion answers for."""

    store: CatalogueStore
    catalogue: CatalogueVersion
    model: ServedModel

    @property
    def folder(self) -> str:
        return scores_folder(self.model.ref)

    def written(self) -> set[str]:
        """Return the names of what lies beside the scores, and of all other scores by their whole keys."""
        prefix = f"catalogue/{self.catalogue.version}/scores/"
        return {key.removeprefix(f"{prefix}{self.folder}/") for key in self.store.objects.keys(prefix)}

    def assert_each_song_has_its_score(self, part: str) -> None:
        """Compare the number of songs everywhere, and the answers for each song of one part."""
        scores = self.store.scores(self.catalogue.version, self.folder)
        assert scores is not None
        assert (scores.songs, scores.parts) == (self.catalogue.songs, self.catalogue.parts)
        assert self.written() == {*(part.name for part in self.catalogue.parts), "model.onnx", "scores.json"}
        songs, liked = list[Part](), 0
        for one in self.catalogue.parts:
            answers = self._table(f"scores/{self.folder}/{one.name}")
            songs.append(Part(name=one.name, songs=answers.num_rows))
            liked += int(np.sum(answers["liked"]))
        assert (songs, liked) == (scores.parts, scores.liked)
        features = self._table(part).select(FEATURES)
        _, probabilities = self.model.run(np.column_stack(list(features.itercolumns())))
        found = self._table(f"scores/{self.folder}/{part}")["probability"]
        np.testing.assert_allclose(found, probabilities, atol=1e-6)

    def _table(self, name: str) -> pa.Table:
        content = self.store.objects.get(f"catalogue/{self.catalogue.version}/{name}")
        assert content is not None
        return pq.read_table(BytesIO(content))
