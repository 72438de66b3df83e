import pytest
from dotenv import dotenv_values

from fastapi_app.management import Management
from local_stack.config import ROOT
from song_preference.dataset.store import DatasetStore
from tests.support.datasets import MemoryObjects
from tests.support.features_service import FakeService
from tests.support.named_songs import ENTRIES


def test_the_service_is_the_one_that_the_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    others = dict.fromkeys(("MLFLOW_TRACKING_URI", "AIRFLOW_URL", "INCOMING_DIR"), "http://127.0.0.1:9")
    for name, value in {**dotenv_values(ROOT / ".env"), **others}.items():
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("fastapi_app.management.open_store", lambda: DatasetStore(MemoryObjects()))
    assert Management.of_environment().features_api is None
    service, song_id = FakeService(), str(ENTRIES[0].id)
    with service.running() as address:
        monkeypatch.setenv("FEATURES_API", f"{address}/")
        found = Management.of_environment().features_api
        assert found
        assert list(found.features([song_id])) == [song_id]
    assert service.asked == [[song_id]]
