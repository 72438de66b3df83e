"""Check the configuration before anything else starts in Docker: `python -m operations.preflight`.

It lists all faults at once, each with its remedy. Standard library only: it must run whatever is wrong.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

DEVELOPMENT_VALUES = {
    "_AIRFLOW_WWW_USER_PASSWORD": "airflow",
    "AIRFLOW_JWT_SECRET": "development-only-jwt-secret-development-only-jwt-secret-development",
    "AIRFLOW_API_SECRET_KEY": "development-only-api-secret-key",
    "AIRFLOW_FERNET_KEY": "ZGV2ZWxvcG1lbnQtb25seS1mZXJuZXQta2V5LTAwMDE=",
    "API_KEY": "development-only-api-key",
    "MINIO_SECRET_ACCESS_KEY": "minio123",
    "PG_PASSWORD": "airflow",
    "PG_ADMIN_PASSWORD": "development-only-admin",
    "MLFLOW_PG_PASSWORD": "development-only-mlflow",
}
"""The secrets of `.env`, which are public."""

ENVIRONMENTS = ("development", "production")
TAKEN_ROLES = ("postgres", "mlflow")
SCHEMES = ("http", "https")
HOST = re.compile(r"[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?")
FREE_BYTES = 1_000_000_000
"""Free space that each volume needs at the start; state and logs of a first run take a third of it."""


def secret_faults(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a fault for each secret that is still public in production."""
    environment = environ.get("ENVIRONMENT")
    if environment not in ENVIRONMENTS:
        yield f"ENVIRONMENT is '{environment}': set it to {' or '.join(ENVIRONMENTS)}."
    if environment != "production":
        return
    for name, known in DEVELOPMENT_VALUES.items():
        if environ.get(name, known) in {known, ""}:
            yield f"{name} still is the development value, which everybody knows: set one of your own."


def role_faults(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a fault for each name of Airflow's that Postgres or MLflow already uses."""
    for name in ("PG_USER", "PG_DATABASE"):
        if environ.get(name) in TAKEN_ROLES:
            yield f"{name} is '{environ[name]}', which another service uses: choose another name."


def address_faults(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a fault for each part of the public address that would break links in a browser."""
    host, scheme = environ.get("PUBLIC_HOST", ""), environ.get("PUBLIC_SCHEME", "")
    if not HOST.fullmatch(host):
        yield (
            f"PUBLIC_HOST is '{host}', but must be a host name in small letters or an IPv4 address, without scheme, "
            "port and path: set it to the name under which browsers reach this machine, such as music.example."
        )
    if host == "0.0.0.0":  # noqa: S104 - rejected
        yield "PUBLIC_HOST is '0.0.0.0', which no browser can ask for: set it to the name or address of this machine."
    if scheme not in SCHEMES:
        yield f"PUBLIC_SCHEME is '{scheme}': set it to {' or '.join(SCHEMES)}."
    if environ.get("TLS_PROXY") and scheme == "http":
        yield "PUBLIC_SCHEME is 'http', but the proxy of docker-compose.proxy.yaml serves https only: set it to https."
    if environ.get("TLS_PROXY") and environ.get("TLS_SERVICES"):
        yield "COMPOSE_FILE names both docker-compose.proxy.yaml and docker-compose.tls.yaml: remove one of them."


def space_faults(volumes: Path) -> Iterator[str]:
    """Yield a fault for each volume below a directory that has too little free space."""
    for volume in sorted(volumes.iterdir()):
        free = shutil.disk_usage(volume).free
        if free < FREE_BYTES:
            yield (
                f"The volume '{volume.name}' has {free / 1e6:,.0f} MB free and needs {FREE_BYTES / 1e6:,.0f} MB: "
                "free some space on its disk ('docker system df' shows what Docker itself holds)."
            )


def permission_faults(directory: Path, name: str) -> Iterator[str]:
    """Yield a fault for the first path of a host directory that Airflow's user cannot read."""
    remedy = f"run 'chmod -R a+rX {name}' on the host, or set AIRFLOW_UID to the owner's number."
    if not os.access(directory, os.R_OK | os.X_OK):
        yield f"{name} cannot be read by user {os.getuid()}: {remedy}"
        return
    for path in sorted(directory.rglob("*")):
        if not os.access(path, os.R_OK | os.X_OK if path.is_dir() else os.R_OK):
            yield f"{name}/{path.relative_to(directory)} cannot be read by user {os.getuid()}: {remedy}"
            return


def main() -> None:
    """Exit with status 1 and all faults, or with 0; `--addresses` checks only the public address."""
    faults = list(address_faults(os.environ)) if sys.argv[1:] == ["--addresses"] else _all_faults()
    if faults:
        sys.exit("The platform cannot start; .env explains each variable:\n" + "\n".join(f"  - {it}" for it in faults))


def _all_faults() -> list[str]:
    project = os.environ["AIRFLOW_PROJ_DIR"]
    faults = [
        *secret_faults(os.environ),
        *role_faults(os.environ),
        *address_faults(os.environ),
        *space_faults(Path("/volumes")),
        *permission_faults(Path("/incoming"), "incoming"),
        *permission_faults(Path("/airflow"), project),
    ]
    if not any(Path("/airflow/dags").glob("*.py")) or not Path("/airflow/config/airflow_local_settings.py").exists():
        faults.append(f"{project} holds no dags/ and config/ of ours: set AIRFLOW_PROJ_DIR to the folder that does.")
    return faults


if __name__ == "__main__":
    main()
