"""Where uploads are kept, and until when."""

import hashlib
from io import BytesIO
from pathlib import Path

import pytest

from song_preference.dataset import sample
from song_preference.dataset.incoming import CATALOGUES, forget, forget_catalogue, kept
from song_preference.dataset.source import fetch
from song_preference.dataset.version import NAME_LENGTH
from song_preference.settings import DatasetSettings
from tests.support.datasets import MemoryObjects


def test_an_upload_is_kept_by_its_content_under_its_first_name_and_forgotten(objects: MemoryObjects) -> None:
    for name in ("Mi música (2026).csv", "again.csv"):
        with kept(BytesIO(b"songs"), name, objects) as uri:
            pass
    (key,) = objects.keys("incoming/")
    assert (objects.uri(key), objects.get(key)) == (uri, b"songs")
    assert key.endswith("/Mi música (2026).csv")
    forget(hashlib.sha256(b"songs").hexdigest(), objects)
    assert objects.keys("incoming/") == []


def test_an_upload_of_before_stays_where_it_is(objects: MemoryObjects) -> None:
    old = f"incoming/{hashlib.sha256(b'songs').hexdigest()[:32]}.csv"
    objects.put(old, b"songs")
    with kept(BytesIO(b"songs"), "again.csv", objects) as uri:
        assert uri == objects.uri(old)


def test_the_same_bytes_are_kept_as_a_playlist_and_as_a_catalogue_which_do_not_go_together(
    objects: MemoryObjects,
) -> None:
    with (
        kept(BytesIO(b"songs"), "a.csv", objects) as playlist,
        kept(BytesIO(b"songs"), "a.csv", objects, CATALOGUES) as catalogue,
    ):
        pass
    forget_catalogue(playlist, objects)
    assert len(objects.keys("incoming/")) == 2
    forget_catalogue(catalogue, objects)
    assert [objects.uri(key) for key in objects.keys("incoming/")] == [playlist]
    with kept(BytesIO(b"songs"), "a.csv", objects, CATALOGUES):
        forget(hashlib.sha256(b"songs").hexdigest(), objects)
    assert [objects.uri(key) for key in objects.keys("incoming/")] == [catalogue]


@pytest.mark.parametrize("name", ["", "../../x?y#z@w.csv", "\0\n.csv", f"{'a' * 5000}.csv", "..", "¿?.csv", "a/b.csv"])
def test_any_name_of_an_upload_gives_an_address_that_the_pipeline_takes(
    name: str, objects: MemoryObjects, configured: DatasetSettings, tmp_path: Path
) -> None:
    with kept(BytesIO(sample.csv()), name, objects) as uri:
        pass
    fetched = fetch(uri, tmp_path / "fetched", objects, configured, trusted=False)
    assert fetched.uri == uri
    assert 0 < len(fetched.name) <= NAME_LENGTH
