"""A task without room for its temporary files says so, leaves none of them, and succeeds once there is room."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from song_preference.dataset import etl
from song_preference.dataset.store import RAW, DatasetStore
from song_preference.dataset.version import Parameters
from song_preference.errors import DiskFull
from song_preference.settings import DatasetSettings
from tests.support.datasets import MemoryObjects

PARAMETERS = Parameters(test_size=0.3, seed=1)


@pytest.mark.parametrize("step", ["download", "engineer_features", "split"])
def test_each_task_names_the_volume_and_goes_on_once_there_is_room(
    configured: DatasetSettings, small_disk: Path, step: str
) -> None:
    store, other = DatasetStore(MemoryObjects()), small_disk / "other"

    draft = etl.download(store, configured, PARAMETERS)
    prepared = etl.engineer_features(store, configured, draft)
    steps: dict[str, Callable[[], object]] = {
        "download": lambda: etl.download(store, configured, PARAMETERS),
        "engineer_features": lambda: etl.engineer_features(store, configured, draft),
        "split": lambda: etl.split_dataset(store, prepared),
    }
    other.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 12_000))
    with pytest.raises(DiskFull, match=f"There is too little room on the volume of {small_disk}: "):
        steps[step]()
    assert list(small_disk.iterdir()) == [other]
    other.unlink()
    steps[step]()
    assert store.objects.size(store.key(draft.version, store.file(draft.version, RAW)))
