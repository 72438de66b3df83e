"""List the services: how each is started, what it waits for, and how it is probed."""

import sys
from dataclasses import dataclass
from pathlib import Path

from local_stack.config import Config

PYTHON = sys.executable
WEED = str(Path(PYTHON).with_name("weed"))
INNER_PORTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
    "s3.port.grpc",
)  # fmt: skip
"""SeaweedFS's options of the ports between its parts."""


@dataclass(frozen=True)
class Service:
    """A process that supervisor keeps alive, or, with `probe` None, a one-shot that runs at a start."""

    name: str
    command: tuple[str, ...]
    after: tuple[str, ...] = ()
    probe: tuple[str, ...] | None = None
    ports: tuple[tuple[str, int], ...] = ()
    """Each port with the variable that sets it."""
    reads: tuple[str, ...] = ()
    """Variables of a one-shot whose change makes it run again."""


def services(config: Config) -> list[Service]:
    """Return all services, each after those it waits for."""
    reads = ("DATA_REPO_BUCKET_NAME", "MLFLOW_BUCKET_NAME")
    buckets = Service("buckets", (PYTHON, "-m", "operations.buckets"), after=("s3",), reads=reads)
    return [_s3(config), buckets, *_airflow(config), _mlflow(config), *_serving(config)]


def _s3(config: Config) -> Service:
    s3, console = config.port("MINIO_PORT", room=11006), config.port("MINIO_PORT_UI", room=10000)
    # Away from common ports (SeaweedFS's default 8888 is Jupyter's).
    inner = {name: s3 + 11000 + index for index, name in enumerate(INNER_PORTS)}
    return Service(
        "s3",
        (
            # For this machine alone, whatever BIND_ADDRESS is: the inner ports share the address, and those of gRPC
            # need no keys.
            WEED, "mini", f"-dir={config.state / 's3'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
            # Master and filer would accept commands, uploads and deletions from any web page in a browser on this
            # machine: their HTTP is off. The volume server, which S3 needs, has keys: see `Config.with_secrets`.
            "-disableHttp",
            # S3 needs keys, and no page of another origin uses it; an empty list would allow all origins.
            f"-s3.allowedOrigins=http://127.0.0.1:{console}",
            f"-s3.port={s3}", f"-admin.port={console}",
            "-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-master.telemetry=false",
            *(f"-{name}={port}" for name, port in inner.items()),
        ),
        probe=(f"http://127.0.0.1:{s3}/healthz",),
        ports=(
            ("MINIO_PORT", s3), *(("MINIO_PORT", port) for port in inner.values()),
            # The console's gRPC port cannot be moved: the server's own worker expects it there.
            ("MINIO_PORT_UI", console), ("MINIO_PORT_UI", console + 10000),
        ),
    )  # fmt: skip


def _mlflow(config: Config) -> Service:
    port = config.port("MLFLOW_PORT")
    return Service(
        "mlflow",
        (
            PYTHON, "-m", "mlflow", "server", "--host", config.bind, "--port", str(port), "--workers", "1",
            "--backend-store-uri", f"sqlite:///{config.state / 'mlflow.db'}",
            "--artifacts-destination", f"s3://{config.environment['MLFLOW_BUCKET_NAME']}",
        ),
        after=("buckets",),
        probe=(f"http://127.0.0.1:{port}/api/2.0/mlflow/experiments/get?experiment_id=0",),
        ports=(("MLFLOW_PORT", port),),
    )  # fmt: skip


def _airflow(config: Config) -> list[Service]:
    airflow, url = (PYTHON, "-m", "airflow"), config.environment["AIRFLOW_URL"]
    after, without_log_server = ("airflow-database",), ("--skip-serve-logs",)
    return [
        Service("airflow-database", (*airflow, "db", "migrate")),
        Service(
            "airflow-apiserver",
            (*airflow, "api-server"),
            after=after,
            # Where tasks report to; Airflow builds it at its first request, better now than under the first task.
            probe=(f"{url}/execution/health",),
            ports=(("AIRFLOW_PORT", config.port("AIRFLOW_PORT")),),
        ),
        Service(
            "airflow-user",
            (PYTHON, "-m", "operations.airflow_user"),
            after=after,
            reads=("_AIRFLOW_WWW_USER_USERNAME", "_AIRFLOW_WWW_USER_PASSWORD"),
        ),
        *(
            Service(
                f"airflow-{name}",
                (*airflow, name, *options),
                after=after,
                probe=(f"{url}/api/v2/monitor/health", "--expect", f"{name.replace('-', '_')}.status=healthy"),
            )
            for name, options in (
                ("dag-processor", ()),
                ("scheduler", without_log_server),
                # No task defers to it; without it Airflow's home page is red: decision 12.
                ("triggerer", without_log_server),
            )
        ),
    ]


def _serving(config: Config) -> list[Service]:
    tls = "s" if config.environment.get("TLS_CERT_FILE") else ""
    return [
        _served(config, "fastapi", "fastapi_app", f"http{tls}", "/health/live"),
        _served(config, "grpc", "grpc_service", f"grpc{tls}", "", "GRPC_METRICS_PORT"),
        _served(config, "streamlit", "streamlit_app", "http", "/_stcore/health"),
    ]


def _served(config: Config, name: str, package: str, scheme: str, health: str, *more_ports: str) -> Service:
    """Return the service that a package of ours offers, with the scheme and the path of its probe."""
    variable = f"{name.upper()}_PORT"
    port = config.port(variable)
    return Service(
        name,
        (PYTHON, "-m", package, "--host", config.bind, "--port", str(port)),
        after=("mlflow",),
        probe=(f"{scheme}://127.0.0.1:{port}{health}",),
        ports=tuple((each, config.port(each)) for each in (variable, *more_ports)),
    )
