"""Catalogues and what models answer for their songs, on a real S3 server."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from song_preference.catalogue import importing, scoring
from song_preference.catalogue.scoring import Group, Scored, finish, plan, score
from song_preference.catalogue.store import CatalogueStore, open_store
from song_preference.catalogue.version import CatalogueVersion, Scores
from song_preference.dataset.store import DatasetStore
from song_preference.errors import (
    CatalogueIncomplete,
    CatalogueNotFound,
    InvalidDataset,
    NothingToDo,
    SourceRejected,
    StorageUnavailable,
)
from song_preference.features import FEATURES
from song_preference.prediction import ModelRef
from song_preference.serving.model import ServedModel
from song_preference.settings import CatalogueSettings, S3Settings
from song_preference.song_table import catalogue
from song_preference.storage import s3_client
from song_preference.training.data import Songs
from song_preference.training.export import build_graph, describe
from tests.support.deadly_etl import DeadlyStore
from tests.support.playlists import as_csv

PART = 100
ROWS = 1_050
PARTS = 11
ONE, TWO = ModelRef("spotify_model_prod", "1", "champion"), ModelRef("spotify_model_prod", "2", "champion")


@pytest.fixture
def catalogues(store: DatasetStore, monkeypatch: pytest.MonkeyPatch) -> CatalogueStore:
    """Catalogues in a bucket of the test's own, in small parts, batches and tasks."""
    monkeypatch.setattr(catalogue, "PART_SONGS", PART)
    monkeypatch.setattr(scoring, "BATCH_SONGS", 64)
    monkeypatch.setattr(scoring, "TASK_SECONDS", 1e-9)
    monkeypatch.setenv("DATA_REPO_BUCKET_NAME", store.objects.bucket)
    return open_store()


def table(rows: int, seed: int) -> pd.DataFrame:
    features = np.random.default_rng(seed).random((rows, len(FEATURES)), dtype=np.float32)
    titles = [f"Song {seed}-{number}" for number in range(rows)]
    return pd.DataFrame(features, columns=list(FEATURES)).assign(title=titles, artist="Anna")


def uploaded(catalogues: CatalogueStore, content: bytes, name: str = "songs.csv") -> str:
    """Return the address of a file that anybody may name."""
    catalogues.objects.put(f"incoming/{name}", content)
    return catalogues.objects.uri(f"incoming/{name}")


def read(catalogues: CatalogueStore, rows: int = ROWS, seed: int = 1) -> CatalogueVersion:
    source = uploaded(catalogues, as_csv(table(rows, seed)))
    return importing.read(catalogues, CatalogueSettings(), source)


@pytest.fixture
def imported(catalogues: CatalogueStore) -> CatalogueVersion:
    """A catalogue of 1,050 songs in 11 parts, which is in use."""
    found = read(catalogues)
    importing.publish(catalogues, found)
    return found


def contents(catalogues: CatalogueStore) -> dict[str, bytes | None]:
    return {key: catalogues.objects.get(key) for key in catalogues.objects.keys("catalogue/")}


def key_of(version: CatalogueVersion, number: int, model: str | None = None) -> str:
    scores = f"scores/{model}/" if model else ""
    return f"catalogue/{version.version}/{scores}{version.parts[number].name}"


def column_of(catalogues: CatalogueStore, key: str, *names: str) -> NDArray[np.float32]:
    content = catalogues.objects.get(key)
    assert content is not None
    found: NDArray[np.float32] = pq.read_table(io.BytesIO(content)).select(names).to_pandas().to_numpy()
    return found


def check_whole(catalogues: CatalogueStore, version: CatalogueVersion) -> None:
    """Check that a version is published with every song of its description."""
    found = catalogues.find(version.version)
    songs = [len(column_of(catalogues, key_of(found, number), "title")) for number in range(len(found.parts))]
    assert songs == [part.songs for part in found.parts]
    assert sum(songs) == found.songs


def test_a_file_becomes_the_catalogue_in_use(catalogues: CatalogueStore, tmp_path: Path) -> None:
    assert catalogues.latest() is None
    found = read(catalogues)
    assert catalogues.latest() is None
    assert catalogues.published() == []
    with pytest.raises(CatalogueNotFound, match=f"There is no catalogue '{found.version}'"):
        catalogues.find(found.version)
    importing.publish(catalogues, found)
    assert catalogues.latest() == catalogues.find(found.version) == found
    assert catalogues.published() == [found]
    check_whole(catalogues, found)
    assert (found.rows, found.rows_left_out, found.songs, len(found.parts)) == (ROWS, 0, ROWS, PARTS)
    catalogues.fetch_part(found.version, found.parts[-1].name, tmp_path / "part")
    assert pq.read_table(tmp_path / "part")["title"].to_pylist() == [f"Song 1-{each}" for each in range(1_000, ROWS)]


def test_repeating_a_step_changes_nothing(catalogues: CatalogueStore, imported: CatalogueVersion) -> None:
    before = contents(catalogues)
    importing.publish(catalogues, imported)
    again = read(catalogues)
    assert contents(catalogues) == before
    assert again == imported.model_copy(update={"created_at": again.created_at})


def test_a_part_that_is_gone_is_missed(
    catalogues: CatalogueStore, imported: CatalogueVersion, graph: bytes, tmp_path: Path
) -> None:
    (group,) = plan(catalogues, ONE, graph, 1)
    catalogues.objects.remove(key_of(imported, 3))
    message = f"Part 'part-00003.parquet' of catalogue '{imported.version}' is not there"
    with pytest.raises(CatalogueNotFound, match=message):
        catalogues.fetch_part(imported.version, imported.parts[3].name, tmp_path / "part")
    with pytest.raises(CatalogueNotFound, match=message):
        score(catalogues, group)
    catalogues.remove(imported.version)
    with pytest.raises(CatalogueNotFound, match=r"Part 'part-00000\.parquet'"):
        importing.publish(catalogues, imported)
    assert catalogues.latest() is None


def test_the_newest_catalogue_is_in_use_and_older_ones_stay(
    catalogues: CatalogueStore, imported: CatalogueVersion
) -> None:
    second = read(catalogues, rows=250, seed=2)
    assert catalogues.latest() == imported
    importing.publish(catalogues, second)
    assert catalogues.latest() == second
    assert catalogues.published() == [second, imported]
    importing.publish(catalogues, imported)
    assert catalogues.latest() == imported
    check_whole(catalogues, second)


def test_a_catalogue_is_removed_with_its_scores_and_no_other(
    catalogues: CatalogueStore, imported: CatalogueVersion, graph: bytes
) -> None:
    scored(catalogues, ONE, graph)
    second = read(catalogues, rows=250, seed=2)
    importing.publish(catalogues, second)
    catalogues.remove(imported.version)
    assert catalogues.latest() == second
    assert catalogues.published() == [second]
    check_whole(catalogues, second)
    catalogues.remove(second.version)
    assert catalogues.latest() is None
    assert contents(catalogues) == {}


class FailingStore(DeadlyStore):
    """Fails at a write, before or after it takes place."""

    def strike(self) -> None:
        """Lose the connection."""
        raise StorageUnavailable("S3 is away.")


@pytest.mark.parametrize("is_done_first", [False, True], ids=["before", "after"])
def test_whichever_write_fails_the_catalogue_before_stays_whole_and_a_new_run_repairs(
    catalogues: CatalogueStore, imported: CatalogueVersion, *, is_done_first: bool
) -> None:
    writes = 3 + 2
    source = uploaded(catalogues, as_csv(table(250, 2)))
    for number in range(1, writes + 1):
        failing = FailingStore(s3_client(S3Settings()), catalogues.objects.bucket)
        failing.fatal_write, failing.is_done_first = number, is_done_first
        with pytest.raises(StorageUnavailable):
            importing.publish(
                CatalogueStore(failing), importing.read(CatalogueStore(failing), CatalogueSettings(), source)
            )
        latest = catalogues.latest()
        assert latest is not None
        assert (latest == imported) is not (number == writes and is_done_first)
        check_whole(catalogues, latest)
        for version in catalogues.published():
            check_whole(catalogues, version)
        importing.publish(catalogues, imported)
    assert failing.writes == writes
    second = importing.read(catalogues, CatalogueSettings(), source)
    importing.publish(catalogues, second)
    assert catalogues.latest() == second
    check_whole(catalogues, second)


def zip_of(*files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for number, file in enumerate(files):
            packed.writestr(f"{number}.csv", file)
    return content.getvalue()


def test_a_bad_file_leaves_everything_as_it_is(catalogues: CatalogueStore, imported: CatalogueVersion) -> None:
    good, untitled = as_csv(table(250, 2)), as_csv(table(5, 3).drop(columns="title"))
    before = contents(catalogues)
    for content, words in (
        (untitled, "column 'title' is missing"),
        (b"<html>", "is an HTML page"),
        (zip_of(good, untitled), "1.csv: column 'title' is missing"),
        (zip_of(good)[:-30], "cannot be unpacked"),
        (as_csv(table(5, 3).assign(artist=" ")), "has rows without title or artist"),
    ):
        with pytest.raises(InvalidDataset, match=words):
            importing.read(catalogues, CatalogueSettings(), uploaded(catalogues, content))
    assert contents(catalogues) == before
    assert catalogues.latest() == imported


def test_a_catalogue_has_a_limit_of_its_own(catalogues: CatalogueStore, monkeypatch: pytest.MonkeyPatch) -> None:
    content = as_csv(table(250, 2))
    monkeypatch.setenv("MAX_CATALOGUE_BYTES", str(len(content) - 1))
    with pytest.raises(InvalidDataset, match="MAX_CATALOGUE_BYTES"):
        importing.read(catalogues, CatalogueSettings(), uploaded(catalogues, content))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("songs.csv", content)
    with pytest.raises(InvalidDataset, match="once unpacked"):
        importing.read(catalogues, CatalogueSettings(), uploaded(catalogues, packed.getvalue()))
    assert contents(catalogues) == {}


@pytest.mark.parametrize("source", ["sample", "/etc/passwd", "s3://mlflow/1", "incoming/../.env", "http://x.org/a.csv"])
def test_not_every_file_may_be_named(catalogues: CatalogueStore, source: str) -> None:
    with pytest.raises(SourceRejected):
        importing.read(catalogues, CatalogueSettings(), source)
    assert contents(catalogues) == {}


def scored(catalogues: CatalogueStore, ref: ModelRef, graph: bytes, most_tasks: int = 3) -> Scores:
    groups = plan(catalogues, ref, graph, most_tasks)
    return finish(catalogues, groups[0], [score(catalogues, group) for group in groups])


@pytest.fixture(scope="module")
def other_graph(songs: NDArray[np.float32]) -> bytes:
    """A model that likes what is loud."""
    liked = (songs[:, 1] > 0.3).astype(np.int64)
    model = build_graph(RandomForestClassifier(10, random_state=1).fit(songs, liked), 0.5)
    describe(model, Songs(songs, liked))
    return model.SerializeToString()


@pytest.mark.parametrize(("most_tasks", "shares"), [(1, {11}), (2, {5, 6}), (3, {3, 4}), (11, {1}), (1_000, {1})])
def test_parts_are_shared_evenly_into_no_more_tasks_than_allowed(
    catalogues: CatalogueStore, imported: CatalogueVersion, graph: bytes, most_tasks: int, shares: set[int]
) -> None:
    groups = plan(catalogues, ONE, graph, most_tasks)
    assert len(groups) == min(most_tasks, PARTS)
    assert {len(group.parts) for group in groups} == shares
    assert [name for group in groups for name in group.parts] == [part.name for part in imported.parts]
    assert {(group.catalogue, group.model) for group in groups} == {(imported.version, "1")}


@pytest.mark.usefixtures("imported")
def test_little_work_is_one_task(catalogues: CatalogueStore, graph: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoring, "TASK_SECONDS", 1e9)
    assert len(plan(catalogues, ONE, graph, 1_000)) == 1


def test_without_a_catalogue_there_is_nothing_to_score(catalogues: CatalogueStore, graph: bytes) -> None:
    with pytest.raises(NothingToDo, match="run the DAG import_catalogue"):
        plan(catalogues, ONE, graph, 1)


def test_each_song_has_the_answer_of_the_model_in_its_row(
    catalogues: CatalogueStore, imported: CatalogueVersion, graph: bytes
) -> None:
    scores = scored(catalogues, ONE, graph)
    model = ServedModel.load(ONE, graph)
    for number in range(PARTS):
        features = column_of(catalogues, key_of(imported, number), *FEATURES)
        answers = [model.run(features[row : row + 1]) for row in range(len(features))]
        found = column_of(catalogues, key_of(imported, number, "1"), "probability", "liked")
        np.testing.assert_array_equal(found[:, 0].astype(np.float32), [probability for _, (probability,) in answers])
        np.testing.assert_array_equal(found[:, 1], [label == 1 for (label,), _ in answers])
    liked = [column_of(catalogues, key_of(imported, number, "1"), "liked").sum() for number in range(PARTS)]
    assert 0 < sum(liked) < ROWS
    assert (scores.songs, scores.liked, scores.parts) == (ROWS, sum(liked), imported.parts)
    assert catalogues.scores(imported.version, "1") == scores


def test_a_task_that_is_tried_again_writes_the_same_bytes(
    catalogues: CatalogueStore, imported: CatalogueVersion, graph: bytes
) -> None:
    (group,) = plan(catalogues, ONE, graph, 1)
    first, before = score(catalogues, group), contents(catalogues)
    assert score(catalogues, group) == first
    assert contents(catalogues) == before
    for number in (0, 4, 10):
        catalogues.objects.remove(key_of(imported, number, "1"))
    assert score(catalogues, group) == first
    assert contents(catalogues) == before


def without_a_song(result: Scored) -> Scored:
    return result._replace(songs={**result.songs, "part-00000.parquet": PART - 1})


def without_a_part(result: Scored) -> Scored:
    return result._replace(songs={name: songs for name, songs in result.songs.items() if name != "part-00000.parquet"})


@pytest.mark.parametrize("wrong", [without_a_song, without_a_part, None])
def test_scores_are_not_published_unless_every_song_has_one(
    catalogues: CatalogueStore, imported: CatalogueVersion, graph: bytes, wrong: object
) -> None:
    groups = plan(catalogues, ONE, graph, 3)
    results = [score(catalogues, group) for group in groups]
    incomplete = [wrong(results[0]), *results[1:]] if callable(wrong) else results[1:]
    with pytest.raises(CatalogueIncomplete, match=r"Not every song has a score, in: part-00000\.parquet"):
        finish(catalogues, groups[0], incomplete)
    assert catalogues.scores(imported.version, "1") is None
    catalogues.objects.remove(key_of(imported, 5, "1"))
    with pytest.raises(CatalogueNotFound, match=r"Part 'part-00005\.parquet'"):
        finish(catalogues, groups[0], results)
    assert catalogues.scores(imported.version, "1") is None
    score(catalogues, groups[1])
    assert finish(catalogues, groups[0], results) == catalogues.scores(imported.version, "1")


def test_known_scores_are_used_again(catalogues: CatalogueStore, imported: CatalogueVersion, graph: bytes) -> None:
    scores, before = scored(catalogues, ONE, graph), contents(catalogues)
    assert plan(catalogues, ONE, graph, 3) == [Group(imported.version, "1", [])]
    assert scored(catalogues, ONE, graph) == scores
    assert contents(catalogues) == before


def test_another_model_version_answers_beside_the_first(
    catalogues: CatalogueStore, imported: CatalogueVersion, graph: bytes, other_graph: bytes
) -> None:
    first, before = scored(catalogues, ONE, graph), contents(catalogues)
    second = scored(catalogues, TWO, other_graph)
    assert contents(catalogues).items() > before.items()
    assert catalogues.scores(imported.version, "1") == first
    assert catalogues.scores(imported.version, "2") == second
    one, two = (column_of(catalogues, key_of(imported, 0, version), "probability") for version in "12")
    assert not np.array_equal(one, two)


@pytest.fixture
def planned(catalogues: CatalogueStore, imported: CatalogueVersion, graph: bytes) -> Iterator[list[Group]]:
    """Groups of a catalogue that is removed meanwhile."""
    groups = plan(catalogues, ONE, graph, 2)
    yield groups
    assert catalogues.published() == []
    assert catalogues.scores(imported.version, "1") is None


def test_no_task_scores_a_catalogue_that_was_removed(catalogues: CatalogueStore, planned: list[Group]) -> None:
    catalogues.remove(planned[0].catalogue)
    with pytest.raises(CatalogueNotFound, match="import it again"):
        score(catalogues, planned[0])


def test_no_scores_are_published_of_a_catalogue_that_was_removed(
    catalogues: CatalogueStore, planned: list[Group]
) -> None:
    results = [score(catalogues, group) for group in planned]
    catalogues.remove(planned[0].catalogue)
    with pytest.raises(CatalogueNotFound, match="There is no catalogue"):
        finish(catalogues, planned[0], results)
    assert contents(catalogues) == {}


def test_scores_that_go_with_their_catalogue_are_not_known_any_more(
    catalogues: CatalogueStore, imported: CatalogueVersion, graph: bytes
) -> None:
    scored(catalogues, ONE, graph)
    (group,) = plan(catalogues, ONE, graph, 1)
    catalogues.remove(imported.version)
    with pytest.raises(CatalogueNotFound, match="There is no catalogue"):
        finish(catalogues, group, [score(catalogues, group)])
