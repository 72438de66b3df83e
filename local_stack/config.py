"""Read the configuration of the stack without Docker: `.env`, and what differs from Compose."""

import hashlib
import os
import secrets
import stat
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from dotenv import dotenv_values


class StackError(Exception):
    """An error whose message tells the person at the terminal what is wrong and what to do."""


ROOT = Path(__file__).resolve().parent.parent
AIRFLOW_KEY = "airflow.key"
STATE_MARKS = (f"{AIRFLOW_KEY}*", "supervisord.conf")
"""Patterns of files by which a state folder is recognised; the first is written first."""


@dataclass(frozen=True)
class Config:
    """The environment that every service gets, and the folder of the stack's state."""

    environment: dict[str, str]
    state: Path
    fingerprint: str
    """A digest of `.env`'s variables: a running service needs a restart when it changes."""

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> "Config":
        """Read `.env`, overridden by `environ`, overridden by this machine's addresses in place of Compose's."""
        documented = {key: value or "" for key, value in dotenv_values(ROOT / ".env").items()}
        values = {**documented, **environ}
        state = Path(values.get("LOCAL_STATE_DIR", ROOT / ".local")).resolve()
        values |= {
            "LOCAL_STATE_DIR": str(state),
            "DATASET_SOURCE": _absolute(values["DATASET_SOURCE"]),
            "INCOMING_DIR": str(ROOT / "incoming"),
            "MODEL_CACHE_DIR": str(state / "models"),
        }
        values |= _addresses(values)
        values |= _no_proxy(values)
        own = sorted((key, values[key]) for key in documented)
        return cls(values, state, hashlib.sha256(repr(own).encode()).hexdigest())

    def port(self, variable: str, room: int = 0) -> int:
        """Return one of the `*_PORT` variables; `room` is the highest offset of the ports computed from it."""
        value, highest = self.environment[variable], 65535 - room
        if not (value.isascii() and value.isdecimal() and 1 <= int(value) <= highest):
            reason = f", since the service opens ports up to {room} above it too" if room else ""
            raise StackError(
                f"{variable} is '{value}', but must be a number from 1 to {highest}{reason}: "
                "set it to a free port in that range."
            )
        return int(value)

    @property
    def bind(self) -> str:
        """Address that the services listen on."""
        return self.environment["BIND_ADDRESS"]

    @property
    def logs(self) -> Path:
        """Folder in which each service writes `<name>.log`."""
        return self.state / "logs"

    def read_note(self, name: str) -> str | None:
        """Return what `write_note` last wrote under this name, or None."""
        path = self.state / name
        return path.read_text() if path.exists() else None

    def write_note(self, name: str, value: str) -> None:
        """Keep a value under this name until the state is deleted."""
        (self.state / name).write_text(value)

    def check_state(self) -> None:
        """Raise `StackError` if the state's folder holds other files, as a home folder does."""
        state = self.state
        if state.exists() and any(state.iterdir()) and not any(any(state.glob(mark)) for mark in STATE_MARKS):
            raise StackError(
                f"{state} holds files that are not the platform's: set LOCAL_STATE_DIR to a new or an empty folder."
            )

    def with_secrets(self) -> "Config":
        """Add Airflow's and SeaweedFS's own settings; their keys are made once and kept in the state."""
        self.check_state()
        _keep_private(self.state)
        return replace(self, environment=self.environment | _airflow(self) | _seaweedfs(self))


def _absolute(source: str) -> str:
    return source if "://" in source or source == "sample" else str(Path(source).resolve())


def _addresses(values: Mapping[str, str]) -> dict[str, str]:
    host = values["PUBLIC_HOST"]
    public = f"{values['PUBLIC_SCHEME']}://{host}"
    # S3's console listens on this machine alone, whatever BIND_ADDRESS is: a visitor of another host gets no link.
    console = f"{public}:{values['MINIO_PORT_UI']}" if host in {"127.0.0.1", "localhost"} else ""
    has_tls = bool(values.get("TLS_CERT_FILE"))
    return {
        # A self-signed certificate is its own CA.
        "TLS_CA_FILE": values.get("TLS_CA_FILE") or values.get("TLS_CERT_FILE", ""),
        "MLFLOW_S3_ENDPOINT_URL": f"http://127.0.0.1:{values['MINIO_PORT']}",
        "AWS_ACCESS_KEY_ID": values["MINIO_ACCESS_KEY"],
        "AWS_SECRET_ACCESS_KEY": values["MINIO_SECRET_ACCESS_KEY"],
        # The job workers double the server's memory, and nothing here uses them.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Artifacts go through the server, as in Docker, where S3 cannot be reached from outside.
        "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false",
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{values['MLFLOW_PORT']}",
        # Replaces the defaults and is matched with the port; any other host name gets 403 from everything but /health.
        # Browsers name no port if a proxy serves MLflow on 80 or 443.
        "MLFLOW_SERVER_ALLOWED_HOSTS": f"localhost:*,127.0.0.1:*,{host}:*,{host}",
        # MLflow accepts changes and searches only from the origins named here, even from its own pages.
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": f"{public}:{values['MLFLOW_PORT']},{public}",
        # Pages that Airflow's tasks and the dashboard link to.
        "AIRFLOW_BROWSER_URL": f"{public}:{values['AIRFLOW_PORT']}",
        "FASTAPI_BROWSER_URL": f"{'https' if has_tls else values['PUBLIC_SCHEME']}://{host}:{values['FASTAPI_PORT']}",
        "S3_BROWSER_URL": console,
        "GRPC_HOST_ADDRESS": f"{host}:{values['GRPC_PORT']}",
        "MLFLOW_BROWSER_URL": f"{public}:{values['MLFLOW_PORT']}",
        "DATA_BROWSER_URL": console and f"{console}/files?path=/buckets/{values['DATA_REPO_BUCKET_NAME']}/",
        "AIRFLOW_URL": f"http://127.0.0.1:{values['AIRFLOW_PORT']}",
        "FASTAPI_URL": f"{'https' if has_tls else 'http'}://127.0.0.1:{values['FASTAPI_PORT']}",
        "GRPC_ADDRESS": f"127.0.0.1:{values['GRPC_PORT']}",
        "STREAMLIT_URL": f"http://127.0.0.1:{values['STREAMLIT_PORT']}",
    }


def _no_proxy(values: Mapping[str, str]) -> dict[str, str]:
    """Return variables that keep the stack's own addresses from a proxy: most clients ask it even for 127.0.0.1."""
    if not any(name.lower().endswith("_proxy") for name in values):
        # On macOS, NO_PROXY alone would make Python ignore the system's proxy.
        return {}
    changed = {}
    for name, other in (("NO_PROXY", "no_proxy"), ("no_proxy", "NO_PROXY")):
        hosts = values.get(name, values.get(other, "")).split(",")
        # An asterisk, for all hosts, only works alone.
        own = [] if hosts == ["*"] else [host for host in ("127.0.0.1", "localhost") if host not in hosts]
        changed[name] = ",".join([*filter(None, hosts), *own])
    return changed


def _airflow(config: Config) -> dict[str, str]:
    home = config.state / "airflow"
    key = _kept_key(config.state / AIRFLOW_KEY, 128)
    url = config.environment["AIRFLOW_URL"]
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "airflow" / "dags"),
        # For `airflow_local_settings`, which is looked for in this folder too.
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "airflow" / "config"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        # Tasks of a scheduler that was killed are tried again once it has been silent for 30 s; the default looks every
        # five minutes.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        # With the training DAG paused, a green ETL would leave no champion.
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "false",
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        # A DAG that did not change is looked at again after five minutes; the default, 30 s, takes 3 % of a CPU.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "AIRFLOW__CORE__FERNET_KEY": urlsafe_b64encode(key[:32]).decode(),
        "AIRFLOW__API_AUTH__JWT_SECRET": key[32:96].hex(),
        "AIRFLOW__API__SECRET_KEY": key[96:].hex(),
        "AIRFLOW__API__HOST": config.bind,
        "AIRFLOW__API__PORT": config.environment["AIRFLOW_PORT"],
        "AIRFLOW__API__WORKERS": "1",
        # The reason of a failure is often longer than a log page is wide.
        "AIRFLOW__API__DEFAULT_WRAP": "true",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "false",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
    }


def _seaweedfs(config: Config) -> dict[str, str]:
    """Return SeaweedFS's secrets, which as options would show in the list of processes."""
    key = _kept_key(config.state / "s3.key", 64)
    return {
        "WEED_ADMIN_USER": config.environment["MINIO_ACCESS_KEY"],
        "WEED_ADMIN_PASSWORD": config.environment["MINIO_SECRET_ACCESS_KEY"],
        "WEED_JWT_SIGNING_KEY": key[:32].hex(),
        "WEED_JWT_SIGNING_READ_KEY": key[32:].hex(),
    }


def _keep_private(state: Path) -> None:
    """Create the state's folder and make it, also an older version's, accessible to its owner only."""
    state.mkdir(parents=True, exist_ok=True)
    # In a container, root works in a folder that the host's user mounts.
    is_ours = os.getuid() in {0, state.stat().st_uid}
    if not is_ours or state.stat().st_mode & stat.S_ISVTX:
        raise StackError(
            f"{state} belongs to another user or is shared, but secrets and songs are kept there: "
            "set LOCAL_STATE_DIR to a folder of your own."
        )
    state.chmod(0o700)


def _kept_key(path: Path, length: int) -> bytes:
    """Return `length` random bytes, made at the first start and readable by their owner only."""
    key = path.read_bytes() if path.exists() else b""
    if len(key) < length:
        # An older version's shorter key stays as the first part, so that Airflow can still decrypt its connections.
        key += secrets.token_bytes(length - len(key))
        # So that a kill leaves the old file or the new one; nobody else may read a temporary file.
        with NamedTemporaryFile(dir=path.parent, prefix=f"{path.name}.", delete=False) as file:
            file.write(key)
        Path(file.name).replace(path)
    return key
