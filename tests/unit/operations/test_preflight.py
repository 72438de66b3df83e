import os
from pathlib import Path

import pytest
from dotenv import dotenv_values

from local_stack.config import ROOT
from operations.preflight import (
    DEVELOPMENT_VALUES,
    address_faults,
    permission_faults,
    role_faults,
    secret_faults,
    space_faults,
)

OWN = dict.fromkeys(DEVELOPMENT_VALUES, "a value of one's own") | {"ENVIRONMENT": "production"}


def test_the_development_values_are_those_of_the_file() -> None:
    documented = dotenv_values(ROOT / ".env")
    assert {name: documented[name] for name in DEVELOPMENT_VALUES} == DEVELOPMENT_VALUES


def test_no_secret_of_the_file_is_forgotten() -> None:
    secret = ("PASSWORD", "SECRET", "API_KEY", "FERNET_KEY", "SECRET_ACCESS_KEY", "SECRET_KEY")
    assert {name for name in dotenv_values(ROOT / ".env") if name.endswith(secret)} == set(DEVELOPMENT_VALUES)


def test_development_may_have_them() -> None:
    assert list(secret_faults(DEVELOPMENT_VALUES | {"ENVIRONMENT": "development"})) == []


def test_production_may_have_others() -> None:
    assert list(secret_faults(OWN)) == []


@pytest.mark.parametrize("name", DEVELOPMENT_VALUES)
def test_production_names_each_one_that_it_still_has(name: str) -> None:
    (fault,) = secret_faults(OWN | {name: DEVELOPMENT_VALUES[name]})
    assert fault.startswith(f"{name} ")
    assert list(secret_faults(OWN | {name: ""})) == [fault]


@pytest.mark.parametrize("environment", ["prod", ""])
def test_another_environment_is_no_way_around_it(environment: str) -> None:
    (fault,) = secret_faults(OWN | {"ENVIRONMENT": environment})
    assert "development or production" in fault


@pytest.mark.parametrize("host", ["127.0.0.1", "music.example", "m", "my-host_2.lan", "xn--msica-3ya.example"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_links_may_lead_to_any_host(host: str, scheme: str) -> None:
    assert list(address_faults({"PUBLIC_HOST": host, "PUBLIC_SCHEME": scheme})) == []


@pytest.mark.parametrize(
    "host", ["", "http://music.example", "music.example:80", "m/a", "*", "Music", "[::1]", "a,b", "a."]
)
def test_what_is_no_host_is_rejected(host: str) -> None:
    (fault,) = address_faults({"PUBLIC_HOST": host, "PUBLIC_SCHEME": "http"})
    assert fault.startswith(f"PUBLIC_HOST is '{host}', ")
    assert ": set it to the name " in fault


def test_the_address_of_all_interfaces_is_rejected_as_one_to_link_to() -> None:
    (fault,) = address_faults({"PUBLIC_HOST": "0.0.0.0", "PUBLIC_SCHEME": "http"})  # noqa: S104 - rejected
    assert fault.startswith("PUBLIC_HOST is '0.0.0.0', which no browser can ask for: set it to ")


@pytest.mark.parametrize(("scheme", "faults"), [("http", 1), ("https", 0)])
def test_links_to_a_proxy_lead_to_https(scheme: str, faults: int) -> None:
    environ = {"PUBLIC_HOST": "music.example", "PUBLIC_SCHEME": scheme, "TLS_PROXY": "on"}
    assert len([*address_faults(environ)]) == faults


def test_tls_is_added_in_one_place() -> None:
    environ = {"PUBLIC_HOST": "music.example", "PUBLIC_SCHEME": "https", "TLS_PROXY": "on", "TLS_SERVICES": "on"}
    assert [*address_faults(environ)] == [
        "COMPOSE_FILE names both docker-compose.proxy.yaml and docker-compose.tls.yaml: remove one of them."
    ]


@pytest.mark.parametrize("scheme", ["", "ftp", "http://", "HTTPS"])
def test_another_scheme_is_rejected(scheme: str) -> None:
    (fault,) = address_faults({"PUBLIC_HOST": "m", "PUBLIC_SCHEME": scheme})
    assert fault == f"PUBLIC_SCHEME is '{scheme}': set it to http or https."


def test_airflow_cannot_take_the_roles_of_others() -> None:
    assert len(list(role_faults({"PG_USER": "postgres", "PG_DATABASE": "mlflow"}))) == 2
    assert list(role_faults({"PG_USER": "airflow", "PG_DATABASE": "airflow"})) == []


def test_a_full_volume_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s3").mkdir()
    assert list(space_faults(tmp_path)) == []
    monkeypatch.setattr("operations.preflight.FREE_BYTES", 1 << 80)
    (fault,) = space_faults(tmp_path)
    assert fault.startswith("The volume 's3' has ")


@pytest.mark.skipif(os.getuid() == 0, reason="root reads everything")
def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "hidden.csv").touch(mode=0)
    (fault,) = permission_faults(tmp_path, "incoming")
    assert fault.startswith("incoming/hidden.csv cannot be read by user ")
    tmp_path.chmod(0)
    (fault,) = permission_faults(tmp_path, "incoming")
    assert fault.startswith("incoming cannot be read by user ")
    tmp_path.chmod(0o700)


def test_what_can_be_read_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "playlist.csv").touch()
    assert list(permission_faults(tmp_path, "incoming")) == []
