"""Catalogue versions in a bucket: what publishes one, finds one and removes one."""

from pathlib import Path

import pytest

from song_preference.catalogue import importing
from song_preference.catalogue.store import LATEST, CatalogueStore
from song_preference.catalogue.version import CatalogueVersion, Scores
from song_preference.errors import CatalogueNotFound
from tests.support.catalogues import read_upload, songs
from tests.support.datasets import MemoryObjects
from tests.support.playlists import as_csv


@pytest.fixture
def unpublished(store: CatalogueStore) -> CatalogueVersion:
    return read_upload(store, as_csv(songs(["A", "B"])))


@pytest.mark.parametrize("version", ["", "0" * 12, "../datasets", "latest.json"])
def test_what_was_never_published_is_not_found(store: CatalogueStore, version: str) -> None:
    with pytest.raises(CatalogueNotFound, match=f"There is no catalogue '{version}'"):
        store.find(version)


def test_before_it_is_published_a_version_is_unfinished_and_invisible(
    store: CatalogueStore, unpublished: CatalogueVersion
) -> None:
    assert (store.latest(), store.published(), store.unfinished()) == (None, [], [unpublished.version])
    importing.publish(store, unpublished)
    assert store.latest() == store.find(unpublished.version) == unpublished
    assert (store.published(), store.unfinished()) == ([unpublished], [])


@pytest.mark.parametrize("is_of_scores", [False, True])
def test_nothing_is_published_without_one_of_its_parts(
    store: CatalogueStore, objects: MemoryObjects, scores: Scores, tmp_path: Path, *, is_of_scores: bool
) -> None:
    version, part = store.find(scores.catalogue), scores.parts[0].name
    objects.remove(f"catalogue/{version.version}/{f'scores/{scores.folder}/' * is_of_scores}{part}")
    gone = f"Part '{part}' of catalogue '{version.version}' is not there"
    with pytest.raises(CatalogueNotFound, match=gone):
        store.publish_scores(scores) if is_of_scores else store.publish(version)
    with pytest.raises(CatalogueNotFound, match=gone):
        store.fetch_part(version.version, part, tmp_path / part, scores.folder if is_of_scores else None)


def test_without_the_model_nothing_can_be_scored(store: CatalogueStore, scores: Scores, graph: bytes) -> None:
    assert store.graph(scores.catalogue, scores.folder) == graph
    with pytest.raises(CatalogueNotFound, match=r"Part 'model\.onnx'"):
        store.graph(scores.catalogue, "another")


def test_a_version_is_withdrawn_before_its_parts_go_with_its_scores(
    store: CatalogueStore, objects: MemoryObjects, scores: Scores
) -> None:
    store.remove(scores.catalogue)
    assert objects.removed[:2] == [LATEST, f"catalogue/{scores.catalogue}/catalogue.json"]
    assert objects.keys("catalogue/") == []
