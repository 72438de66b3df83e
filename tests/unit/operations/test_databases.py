"""Roles and databases, against a server that is not there and a record of what Postgres is told."""

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from operations.databases import DatabaseSettings, prepare

SETTINGS = DatabaseSettings.model_validate(
    {
        "PG_HOST": "127.0.0.1",
        "PG_ADMIN_PASSWORD": "of the administrator",
        "PG_USER": "flow",
        "PG_PASSWORD": "of flow",
        "PG_DATABASE": "flows",
        "MLFLOW_PG_PASSWORD": "of mlflow",
    }
)


class Postgres:
    """Knows which roles and databases exist, and remembers statements."""

    autocommit = False

    def __init__(self, *existing: str) -> None:
        self.existing = existing
        self.statements: list[tuple[str, list[Any]]] = []

    def execute(self, statement: Any, parameters: list[Any] | None = None) -> None:
        assert self.autocommit
        words = (part.strings[0] if hasattr(part, "strings") else part.string for part in getattr(statement, "seq", []))
        self.statements.append(("".join(words) or statement, parameters or []))

    def fetchone(self) -> tuple[int] | None:
        return (1,) if self.statements[-1][1][0] in self.existing else None

    def cursor(self) -> "Postgres":
        return self

    def close(self) -> None:
        pass

    def __enter__(self) -> "Postgres":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def changes(self) -> Iterator[tuple[str, list[Any]]]:
        return (said for said in self.statements if not said[0].startswith("SELECT"))


def prepared(monkeypatch: pytest.MonkeyPatch, *existing: str) -> list[tuple[str, list[Any]]]:
    postgres = Postgres(*existing)
    monkeypatch.setattr(psycopg2, "connect", lambda **_: postgres)
    prepare(SETTINGS)
    return list(postgres.changes())


def test_an_empty_server_gets_a_role_and_a_database_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    assert prepared(monkeypatch) == [
        ("CREATE ROLE flow", []),
        ("ALTER ROLE flow LOGIN PASSWORD %s", ["of flow"]),
        ("CREATE DATABASE flows OWNER flow", []),
        ("REVOKE ALL ON DATABASE flows FROM PUBLIC", []),
        ("CREATE ROLE mlflow", []),
        ("ALTER ROLE mlflow LOGIN PASSWORD %s", ["of mlflow"]),
        ("CREATE DATABASE mlflow OWNER mlflow", []),
        ("REVOKE ALL ON DATABASE mlflow FROM PUBLIC", []),
    ]


def test_what_exists_stays_and_gets_the_password_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = prepared(monkeypatch, "flow", "flows", "mlflow")
    assert [said for said, _ in changes if said.startswith("CREATE")] == []
    assert ("ALTER ROLE flow LOGIN PASSWORD %s", ["of flow"]) in changes


def test_a_server_that_is_away_is_named_with_what_to_check() -> None:
    settings = SETTINGS.model_copy(update={"host": "/nowhere"})
    with pytest.raises(SystemExit, match=r"(?s)Postgres .*docker compose logs postgres"):
        prepare(settings)


def test_a_wrong_password_is_named_with_the_way_to_change_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def reject(**_: object) -> None:
        raise psycopg2.OperationalError('FATAL: password authentication failed for user "postgres"')

    monkeypatch.setattr(psycopg2, "connect", reject)
    with pytest.raises(SystemExit, match=r"(?s)PG_ADMIN_PASSWORD is not the password.*\\password"):
        prepare(SETTINGS)
