"""Create a role and a database each for Airflow and MLflow: `python -m operations.databases`, at every start in Docker.

It is the only service besides Postgres that gets the administrator's password. It also sets the roles' passwords, so a
changed one is in force afterwards.
"""

import logging
from contextlib import closing
from typing import Any

import psycopg2
from psycopg2.sql import SQL, Identifier
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from song_preference.settings import load

log = logging.getLogger(__name__)

ADMINISTRATOR = "postgres"


class DatabaseSettings(BaseSettings):
    """Roles, databases and passwords of Postgres (Docker only)."""

    host: str = Field(validation_alias="PG_HOST")
    admin_password: SecretStr = Field(validation_alias="PG_ADMIN_PASSWORD")
    airflow_role: str = Field(validation_alias="PG_USER")
    airflow_password: SecretStr = Field(validation_alias="PG_PASSWORD")
    airflow_database: str = Field(validation_alias="PG_DATABASE")
    mlflow_password: SecretStr = Field(validation_alias="MLFLOW_PG_PASSWORD")


def prepare(settings: DatabaseSettings) -> None:
    """Create what is missing and set each role's password; end the process if Postgres rejects it."""
    account = {"user": ADMINISTRATOR, "password": settings.admin_password.get_secret_value()}
    try:
        with closing(psycopg2.connect(host=settings.host, dbname="postgres", connect_timeout=10, **account)) as server:
            # CREATE DATABASE cannot be part of a transaction.
            server.autocommit = True
            with server.cursor() as cursor:
                _prepare(cursor, settings.airflow_role, settings.airflow_password, settings.airflow_database)
                _prepare(cursor, "mlflow", settings.mlflow_password, "mlflow")
    except psycopg2.Error as error:
        raise SystemExit(_explanation(error)) from None


def _prepare(cursor: Any, role: str, password: SecretStr, database: str) -> None:
    """Create a role and the one database that it may connect to."""
    if not _exists(cursor, "SELECT 1 FROM pg_roles WHERE rolname = %s", role):
        cursor.execute(SQL("CREATE ROLE {}").format(Identifier(role)))
        log.info("Role %s created.", role)
    cursor.execute(SQL("ALTER ROLE {} LOGIN PASSWORD %s").format(Identifier(role)), [password.get_secret_value()])
    if not _exists(cursor, "SELECT 1 FROM pg_database WHERE datname = %s", database):
        cursor.execute(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(database), Identifier(role)))
        log.info("Database %s created.", database)
    # Otherwise every role may connect to every database.
    cursor.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(database)))


def _exists(cursor: Any, query: str, name: str) -> bool:
    cursor.execute(query, [name])
    return cursor.fetchone() is not None


def _explanation(error: psycopg2.Error) -> str:
    reason = str(error).strip()
    if "password authentication failed" in reason:
        return (
            "PG_ADMIN_PASSWORD is not the password that Postgres was set up with: restore the old one, or change it "
            "in Postgres:\n"
            f"  docker compose exec postgres psql --username={ADMINISTRATOR} --command='\\password'"
        )
    return f"Postgres reports an error: {reason}\nCheck its log, 'docker compose logs postgres', and start again."


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    prepare(load(DatabaseSettings))
