"""The steps of `score_catalogue`: plan, score (once for each group of parts), finish; each can be repeated.

The name and the bytes of a part of scores depend on the songs and the model alone, so whoever writes it again, after a
worker was killed, writes the same.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from time import perf_counter
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from song_preference.catalogue.store import CatalogueStore
from song_preference.catalogue.version import Part, Scores, scores_folder
from song_preference.errors import CatalogueIncomplete, NothingToDo
from song_preference.features import FEATURES
from song_preference.messages import Message
from song_preference.prediction import ModelRef
from song_preference.serving.model import ServedModel
from song_preference.temporary import temporary_directory

log = logging.getLogger(__name__)

TASK_SECONDS = 60
"""Least work of a mapped task, so that starting it does not matter."""

BATCH_SONGS = 16_384
"""Songs that the model is asked for at once, and that memory holds."""

COLUMNS = pa.schema([("probability", pa.float32()), ("liked", pa.bool_())])
"""Columns of a part of scores, whose rows are those of the part of the catalogue with the same name."""


class Group(NamedTuple):
    """The parts that one mapped task scores, and with which model."""

    catalogue: str
    model: str
    """Folder of the model's scores, as `scores_folder` gives it."""
    parts: list[str]


class Scored(NamedTuple):
    """The result of one mapped task: the songs in each part, and how many of all are liked."""

    songs: dict[str, int]
    liked: int


def plan(store: CatalogueStore, ref: ModelRef, graph: bytes, most_tasks: int) -> list[Group]:
    """Share out the catalogue in use; one group without parts if this version of the model was asked before.

    Raise `NothingToDo` without a catalogue, and `ModelRejected`.
    """
    if (found := store.latest()) is None:
        raise NothingToDo(Message("no_catalogue_yet"))
    folder = scores_folder(ref)
    if store.scores(found.version, folder):
        log.info("Version %s has scored catalogue %s before.", ref.version, found.version)
        return [Group(found.version, folder, [])]
    speed = songs_per_second(ServedModel.load(ref, graph))
    store.put_graph(found.version, folder, graph)
    groups = shares(found.parts, TASK_SECONDS * speed, most_tasks)
    values = (found.songs, ref.version, found.songs / speed, len(groups))
    log.info("%d songs take version %s about %.0f s, in %d tasks.", *values)
    return [Group(found.version, folder, [part.name for part in group]) for group in groups]


def shares(parts: Sequence[Part], least_songs: float, most: int) -> list[Sequence[Part]]:
    """Share out parts evenly, into as many groups of at least so many songs as there can be, or into one."""
    most = min(most, int(sum(part.songs for part in parts) / least_songs), len(parts))
    for number in range(most, 1, -1):
        ends = [group * len(parts) // number for group in range(number + 1)]
        groups = [parts[first:end] for first, end in pairwise(ends)]
        if all(sum(part.songs for part in group) >= least_songs for group in groups):
            return groups
    return [parts]


def score(store: CatalogueStore, group: Group) -> Scored:
    """Ask the model about every song of a group's parts, and keep the answers."""
    if not group.parts:
        return Scored({}, 0)
    model = ServedModel.load(ModelRef("", group.model, ""), store.graph(group.catalogue, group.model))
    songs, liked = {}, 0
    for name in group.parts:
        with temporary_directory() as directory:
            part, scores = directory / name, directory / f"scores-{name}"
            store.fetch_part(group.catalogue, name, part)
            with pq.ParquetWriter(scores, COLUMNS) as writer:
                for batch in pq.ParquetFile(part, pre_buffer=False).iter_batches(
                    BATCH_SONGS, columns=list(FEATURES), use_threads=False
                ):
                    labels, probabilities = model.run(np.column_stack([batch[name] for name in FEATURES]))
                    writer.write_batch(pa.record_batch([probabilities, labels == 1], schema=COLUMNS))
                    liked += int(labels.sum())
            songs[name] = pq.read_metadata(scores).num_rows
            store.put_part(group.catalogue, name, scores, group.model)
    log.info("%d songs in %d parts, %d of them liked.", sum(songs.values()), len(songs), liked)
    return Scored(songs, liked)


def finish(store: CatalogueStore, group: Group, scored: Iterable[Scored]) -> Scores:
    """Publish the scores once every part has as many as songs; `group` is any one of the plan.

    Raise `CatalogueIncomplete`, and `CatalogueNotFound` where the catalogue was removed meanwhile.
    """
    if known := store.scores(group.catalogue, group.model):
        return known
    found, results = store.find(group.catalogue), [*scored]
    counted: Mapping[str, int] = {name: songs for result in results for name, songs in result.songs.items()}
    wrong = [part.name for part in found.parts if counted.get(part.name) != part.songs]
    if wrong:
        raise CatalogueIncomplete(Message("scores_incomplete", {"parts": wrong}))
    scores = Scores(
        catalogue=found.version,
        model=group.model.partition("-")[0],
        folder=group.model,
        created_at=datetime.now(UTC),
        songs=found.songs,
        liked=sum(result.liked for result in results),
        parts=found.parts,
    )
    store.publish_scores(scores)
    log.info("Version %s likes %d of the %d songs in %s.", scores.model, scores.liked, scores.songs, scores.catalogue)
    return scores


def songs_per_second(model: ServedModel) -> float:
    """Return how many songs a model answers for, measured on two batches."""
    songs: NDArray[np.float32] = np.random.default_rng(0).random((BATCH_SONGS, len(FEATURES)), dtype=np.float32)
    began = perf_counter()
    for _ in range(2):
        model.run(songs)
    return 2 * BATCH_SONGS / (perf_counter() - began)
