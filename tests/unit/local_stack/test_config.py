import os
import re
import secrets
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from local_stack.__main__ import reset
from local_stack.config import ROOT, Config, StackError
from local_stack.services import services
from local_stack.supervisor import Supervisor


def test_the_environment_wins_over_the_file_and_compose_names_are_replaced(tmp_path: Path) -> None:
    environment = Config.read({"LOCAL_STATE_DIR": str(tmp_path), "MLFLOW_PORT": "6000"}).environment
    assert environment["MODEL_NAME"] == "spotify_model_prod"
    assert environment["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:6000"
    assert environment["MLFLOW_S3_ENDPOINT_URL"] == "http://127.0.0.1:9008"


def test_a_relative_playlist_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = Config.read({"DATASET_SOURCE": "mine.csv"}).environment["DATASET_SOURCE"]
    assert source == str(tmp_path / "mine.csv")


@pytest.mark.parametrize("source", ["https://example.com/a.csv", "s3://data/incoming/a.csv", "sample"])
def test_other_sources_stay_as_they_are(source: str) -> None:
    assert Config.read({"DATASET_SOURCE": source}).environment["DATASET_SOURCE"] == source


def test_airflow_keys_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    config = Config.read({"LOCAL_STATE_DIR": str(tmp_path / "state")})
    first, second = config.with_secrets(), config.with_secrets()
    assert first.environment == second.environment
    assert len(first.environment["AIRFLOW__API_AUTH__JWT_SECRET"]) >= 64
    assert (tmp_path / "state" / "airflow.key").stat().st_mode & 0o777 == 0o600
    other = Config.read({"LOCAL_STATE_DIR": str(tmp_path / "other")}).with_secrets()
    assert other.environment["AIRFLOW__CORE__FERNET_KEY"] != first.environment["AIRFLOW__CORE__FERNET_KEY"]


KEYS = ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY")


def key_bytes(config: Config) -> list[bytes]:
    fernet, *others = (config.with_secrets().environment[name] for name in KEYS)
    return [urlsafe_b64decode(fernet), *map(bytes.fromhex, others)]


def test_each_key_of_airflow_has_bytes_of_its_own(tmp_path: Path) -> None:
    keys = key_bytes(Config.read({"LOCAL_STATE_DIR": str(tmp_path)}))
    assert [len(key) for key in keys] == [32, 64, 32]
    assert b"".join(keys) == (tmp_path / "airflow.key").read_bytes()


def test_the_shorter_key_of_an_older_version_still_reads_what_it_encrypted(tmp_path: Path) -> None:
    older = secrets.token_bytes(96)
    (tmp_path / "airflow.key").write_bytes(older)
    assert key_bytes(Config.read({"LOCAL_STATE_DIR": str(tmp_path)}))[:2] == [older[:32], older[32:]]


def test_the_state_is_for_its_owner_alone_even_one_that_an_older_version_made(tmp_path: Path) -> None:
    new, empty, older = tmp_path / "a" / "new", tmp_path / "empty", tmp_path / "older"
    empty.mkdir(mode=0o755)
    older.mkdir(mode=0o755)
    (older / "airflow.key").touch()
    (older / "logs").mkdir()
    for state in (new, empty, older):
        Config.read({"LOCAL_STATE_DIR": str(state)}).with_secrets()
        assert state.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_holds_something_else_is_rejected_and_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "letter.txt").touch()
    config = Config.read({"LOCAL_STATE_DIR": str(tmp_path)})
    for attempt in (config.with_secrets, lambda: reset(config)):
        with pytest.raises(StackError, match="set LOCAL_STATE_DIR to a new or an empty folder"):
            attempt()
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.skipif(os.getuid() != 0, reason="Only root may give a folder away.")
def test_a_folder_of_another_user_is_for_root_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(tmp_path, 1000, 1000)
    config = Config.read({"LOCAL_STATE_DIR": str(tmp_path)})
    monkeypatch.setattr("os.getuid", lambda: 1001)
    with pytest.raises(StackError, match="set LOCAL_STATE_DIR to a folder of your own"):
        config.with_secrets()
    monkeypatch.undo()
    config.with_secrets()
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_share_is_rejected_and_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(StackError, match="set LOCAL_STATE_DIR to a folder of your own"):
        Config.read({"LOCAL_STATE_DIR": str(tmp_path)}).with_secrets()
    assert tmp_path.stat().st_mode & 0o7777 == 0o1777


def test_a_kill_leaves_the_key_that_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "airflow.key").write_bytes(b"before")
    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        Config.read({"LOCAL_STATE_DIR": str(tmp_path)}).with_secrets()
    assert (tmp_path / "airflow.key").read_bytes() == b"before"


def test_a_path_too_long_for_a_socket_is_rejected(tmp_path: Path) -> None:
    deep = Config.read({"LOCAL_STATE_DIR": str(tmp_path / ("x" * 100))})
    with pytest.raises(StackError, match="LOCAL_STATE_DIR"):
        Supervisor(deep)


def test_links_lead_to_this_machine_until_it_has_a_public_name() -> None:
    ports = {"MLFLOW_PORT": "6000", "MINIO_PORT_UI": "6001", "GRPC_PORT": "6002"}
    environment = Config.read(ports).environment
    assert environment["MLFLOW_BROWSER_URL"] == "http://127.0.0.1:6000"
    assert environment["DATA_BROWSER_URL"] == "http://127.0.0.1:6001/files?path=/buckets/data/"
    public = Config.read({**ports, "PUBLIC_HOST": "music.example", "PUBLIC_SCHEME": "https"}).environment
    changed = {name: value for name, value in public.items() if value != environment.get(name)}
    own = {"PUBLIC_HOST", "PUBLIC_SCHEME", "MLFLOW_SERVER_ALLOWED_HOSTS", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"}
    assert {name: value for name, value in changed.items() if name not in own} == {
        "AIRFLOW_BROWSER_URL": "https://music.example:8083",
        "FASTAPI_BROWSER_URL": "https://music.example:8803",
        "MLFLOW_BROWSER_URL": "https://music.example:6000",
        # Its console stays on this machine.
        "S3_BROWSER_URL": "",
        "DATA_BROWSER_URL": "",
        "GRPC_HOST_ADDRESS": "music.example:6002",
    }


def test_links_with_docker_lead_to_the_public_name_as_without() -> None:
    environment = Config.read({"PUBLIC_HOST": "music.example", "PUBLIC_SCHEME": "https"}).environment
    links = {
        (name, re.sub(r"\$\{(\w+)[^}]*\}", lambda variable: environment[variable[1]], value))
        for name, value in re.findall(
            r"^ +(\w+_BROWSER_URL|\w+_HOST_ADDRESS|\w+_ALLOWED_ORIGINS): (.*)$",
            (ROOT / "docker-compose.yaml").read_text(),
            re.MULTILINE,
        )
        # The console is another one, which only Docker opens to others.
        if name not in {"S3_BROWSER_URL", "DATA_BROWSER_URL"}
    }
    assert links == {(name, environment[name]) for name, _ in links}
    assert {"MLFLOW_BROWSER_URL", "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"} <= {name for name, _ in links}


def test_addresses_and_probes_follow_tls() -> None:
    config = Config.read({"TLS_CERT_FILE": "/cert.pem", "TLS_KEY_FILE": "/key.pem"})
    names = ("FASTAPI_URL", "FASTAPI_BROWSER_URL", "MLFLOW_BROWSER_URL", "TLS_CA_FILE")
    assert [config.environment[name] for name in names] == [
        "https://127.0.0.1:8803",
        "https://127.0.0.1:8803",
        "http://127.0.0.1:5006",
        "/cert.pem",
    ]
    probes = {service.name: service.probe for service in services(config)}
    assert probes["fastapi"] == ("https://127.0.0.1:8803/health/live",)
    assert probes["grpc"] == ("grpcs://127.0.0.1:50051",)
    assert probes["streamlit"] == ("http://127.0.0.1:8504/_stcore/health",)


OWN = "127.0.0.1,localhost"


@pytest.mark.parametrize(
    ("given", "upper", "lower"),
    [
        ({}, None, None),
        ({"HTTP_PROXY": "http://proxy:3128"}, OWN, OWN),
        ({"https_proxy": "http://proxy:3128", "NO_PROXY": ""}, OWN, OWN),
        (
            {"http_proxy": "http://proxy:3128", "no_proxy": ".lan,10.0.0.1"},
            f".lan,10.0.0.1,{OWN}",
            f".lan,10.0.0.1,{OWN}",
        ),
        ({"NO_PROXY": "localhost,.lan", "no_proxy": "a"}, "localhost,.lan,127.0.0.1", f"a,{OWN}"),
        ({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": "*"}, "*", "*"),
    ],
)
def test_a_proxy_is_not_asked_for_the_stacks_own_addresses(
    given: dict[str, str], upper: str | None, lower: str | None
) -> None:
    environment = Config.read(given).environment
    assert (environment.get("NO_PROXY"), environment.get("no_proxy")) == (upper, lower)
    assert Config.read(environment).environment == environment
