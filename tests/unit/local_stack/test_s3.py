"""A real SeaweedFS as `make run` starts it: what a web page, and another user of this machine, get from it."""

from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import psutil
import pytest

from local_stack import start
from local_stack.config import Config
from local_stack.services import services
from local_stack.supervisor import Supervisor
from tests.support.attacks import web_pages
from tests.support.stack import local_environment

SECRET = "hidden-from-the-process-list"  # noqa: S105 - made up
SONGS = b"songs"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    environment = local_environment(tmp_path_factory.mktemp("s")) | {"MINIO_SECRET_ACCESS_KEY": SECRET}
    return Config.read(environment).with_secrets()


@pytest.fixture(scope="module")
def supervisor(config: Config) -> Iterator[Supervisor]:
    """SeaweedFS with its buckets."""
    supervisor = Supervisor(config)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(start, "services", lambda _: [it for it in services(config) if it.name in {"s3", "buckets"}])
        start.bring_up(config, supervisor)
    yield supervisor
    supervisor.stop()


@pytest.fixture(scope="module")
def s3(config: Config, supervisor: Supervisor) -> Any:
    environment = config.environment
    return boto3.client(
        "s3",
        endpoint_url=environment["MLFLOW_S3_ENDPOINT_URL"],
        aws_access_key_id=environment["MINIO_ACCESS_KEY"],
        aws_secret_access_key=SECRET,
    )


DESTRUCTIVE = (
    ("DELETE", "/buckets/data/songs"),
    ("DELETE", "/buckets/data/?recursive=true"),
    ("DELETE", "/data/songs"),
    ("GET", "/vol/grow?count=1"),
    ("GET", "/col/delete?collection=data"),
    *((method, f"/{volume},01637037d6") for method in ("GET", "POST", "DELETE") for volume in (1, 2, 3)),
    ("GET", "/buckets/data/songs"),
    ("GET", "/data/songs"),
)


def test_a_web_page_can_neither_change_nor_read_what_any_port_serves(s3: Any, supervisor: Supervisor) -> None:
    s3.put_object(Bucket="data", Key="songs", Body=SONGS)
    found = [each for process in supervisor.processes() for each in process.net_connections("tcp")]
    ports = {each.laddr.port for each in found if each.status == psutil.CONN_LISTEN}
    answered, through = web_pages.ask(ports, (*web_pages.HARMLESS, *DESTRUCTIVE))
    assert through == []
    assert len(answered) == 5  # S3, its console, master, volume server and filer
    assert s3.get_object(Bucket="data", Key="songs")["Body"].read() == SONGS
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="data")["Contents"]] == ["songs"]


def test_the_secrets_are_not_in_the_list_of_processes(config: Config, supervisor: Supervisor) -> None:
    listed = " ".join(" ".join(process.cmdline()) for process in supervisor.processes())
    assert "mini" in listed
    keys = ("MINIO_SECRET_ACCESS_KEY", "WEED_JWT_SIGNING_KEY", "WEED_JWT_SIGNING_READ_KEY")
    assert [name for name in keys if config.environment[name] in listed] == []


def test_the_console_lets_in_who_knows_the_secret_alone(config: Config, supervisor: Supervisor) -> None:
    for password, leads_to in ((SECRET, "/admin"), ("minio123", "/login")):
        with httpx.Client(base_url=config.environment["S3_BROWSER_URL"]) as browser:
            form = browser.get("/login").text
            token = form.partition('name="csrf_token" value="')[2].partition('"')[0]
            user = config.environment["MINIO_ACCESS_KEY"]
            entered = browser.post("/login", data={"username": user, "password": password, "csrf_token": token})
            assert entered.headers["location"].startswith(leads_to)
