import pytest
from mlflow import MlflowClient

from song_preference.errors import RegistryUnavailable, VersionNotFound
from song_preference.serving.registry import find_version
from song_preference.settings import ModelSettings
from song_preference.training.rollback import main, rollback
from tests.support.airflow import LOCAL, FakeAirflow

MODEL = "spotify_model_prod"


@pytest.fixture
def history(client: MlflowClient, settings: ModelSettings) -> MlflowClient:
    """Versions 1 to 4; 2 replaced 1, 4 replaced 2, and 3 never served."""
    for replaced in (None, "1", None, "2"):
        tags = {"replaced": replaced} if replaced else {}
        client.create_model_version(MODEL, "file:///nowhere", tags=tags)
    client.set_registered_model_alias(MODEL, "champion", "4")
    return client


def champion(client: MlflowClient) -> str:
    found = find_version(client, MODEL, "champion")
    assert found
    return str(found.version)


def challenger(client: MlflowClient) -> str:
    found = find_version(client, MODEL, "challenger")
    assert found
    return str(found.version)


def test_without_a_version_it_goes_back_from_one_to_the_one_before(
    history: MlflowClient, settings: ModelSettings
) -> None:
    assert str(rollback(settings)) == f"Version 2 of {MODEL} is the champion, version 4 the challenger."
    assert (champion(history), challenger(history)) == ("2", "4")
    rollback(settings)
    assert (champion(history), challenger(history)) == ("1", "2")
    with pytest.raises(VersionNotFound, match="Version 1 of spotify_model_prod replaced no other"):
        rollback(settings)
    assert champion(history) == "1"


def test_a_version_named_is_undone_by_a_rollback_without_one(history: MlflowClient, settings: ModelSettings) -> None:
    rollback(settings, "3")
    assert (champion(history), challenger(history)) == ("3", "4")
    rollback(settings)
    assert (champion(history), challenger(history)) == ("4", "3")


def test_the_one_before_may_be_named_and_that_is_undone_as_well(history: MlflowClient, settings: ModelSettings) -> None:
    rollback(settings, "2")
    rollback(settings)
    assert (champion(history), challenger(history)) == ("4", "2")


def test_the_champion_may_be_named(history: MlflowClient, settings: ModelSettings) -> None:
    assert str(rollback(settings, "4")) == "Version 4 is the champion already."
    assert find_version(history, MODEL, "challenger") is None


@pytest.mark.parametrize("version", ["9", "0", "x", "-1"])
def test_a_version_that_is_not_there_changes_nothing(
    version: str, history: MlflowClient, settings: ModelSettings
) -> None:
    with pytest.raises(VersionNotFound, match=f"has no version {version}; it has 1, 2, 3, 4"):
        rollback(settings, version)
    assert champion(history) == "4"


def test_a_replaced_version_that_was_deleted_is_told(history: MlflowClient, settings: ModelSettings) -> None:
    history.delete_model_version(MODEL, "2")
    with pytest.raises(VersionNotFound, match="has no version 2; it has 1, 3, 4"):
        rollback(settings)


def test_without_a_champion_a_version_must_be_named(client: MlflowClient, settings: ModelSettings) -> None:
    with pytest.raises(VersionNotFound, match="has no champion to go back from: name a version"):
        rollback(settings)
    client.create_model_version(MODEL, "file:///nowhere")
    assert str(rollback(settings, "1")) == f"Version 1 of {MODEL} is the champion."
    assert champion(client) == "1"


def test_a_lost_registry_is_told(settings: ModelSettings) -> None:
    with pytest.raises(RegistryUnavailable, match="check that it runs, and that the volume of its database has room"):
        rollback(settings.model_copy(update={"tracking_uri": "http://127.0.0.1:9"}))


def test_the_command_says_what_it_did_or_why_not(
    history: MlflowClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {**LOCAL, "AIRFLOW_URL": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["rollback", "7"])
    with pytest.raises(SystemExit, match=f"^{MODEL} has no version 7; it has 1, 2, 3, 4.$"):
        main()
    # An empty one is what `make rollback` hands on when none was given.
    monkeypatch.setattr("sys.argv", ["rollback", ""])
    main()
    out, err = capsys.readouterr()
    assert out == f"Version 2 of {MODEL} is the champion, version 4 the challenger.\n"
    assert err.startswith("Airflow does not answer, so the songs of the catalogue keep the answers of the model before")


def test_the_command_tells_airflow_that_another_version_answers(
    history: MlflowClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    airflow = FakeAirflow()
    for name, value in LOCAL.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("song_preference.training.rollback.Airflow", lambda _: airflow.client())
    monkeypatch.setattr("sys.argv", ["rollback", "1"])
    main()
    assert (airflow.announced, champion(history), capsys.readouterr().err) == (1, "1", "")
