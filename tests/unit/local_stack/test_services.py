import json
import subprocess
from pathlib import Path

import pytest

from local_stack.config import Config
from local_stack.services import services

WEED_KEYS = ("WEED_ADMIN_PASSWORD", "WEED_JWT_SIGNING_KEY", "WEED_JWT_SIGNING_READ_KEY")


def test_s3_is_for_this_machine_alone_whatever_the_others_listen_on() -> None:
    everywhere = Config.read({"BIND_ADDRESS": "0.0.0.0"})  # noqa: S104 - what is tested
    commands = {service.name: service.command for service in services(everywhere)}
    assert "-ip.bind=127.0.0.1" in commands["s3"]
    assert everywhere.bind in commands["fastapi"]
    assert everywhere.bind not in " ".join(commands["s3"])


SECRETS = ("MINIO_SECRET_ACCESS_KEY", "_AIRFLOW_WWW_USER_PASSWORD", "API_KEY", *WEED_KEYS)


def test_no_command_holds_a_secret(tmp_path: Path) -> None:
    passwords = {"MINIO_SECRET_ACCESS_KEY": "hidden-s3", "_AIRFLOW_WWW_USER_PASSWORD": "hidden-airflow"}
    config = Config.read({"LOCAL_STATE_DIR": str(tmp_path), **passwords}).with_secrets()
    commands = " ".join(" ".join(service.command) for service in services(config))
    assert [name for name in SECRETS if config.environment[name] in commands] == []


FAKE_AIRFLOW = """
import json, os, sys
def main():
    with open(os.environ["CALLS"], "a") as calls:
        print(json.dumps([sys.argv, open("/proc/self/cmdline").read()]), file=calls)
    print(os.environ["ANSWER"])
"""


@pytest.mark.parametrize(
    ("answer", "then"),
    [
        ('User "ana" created with role "Admin"', []),
        ("ana already exists in the db", ["airflow users reset-password --username ana --password n:e w"]),
    ],
)
def test_an_airflow_user_that_exists_gets_the_password_of_today(answer: str, then: list[str], tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").touch()
    (tmp_path / "airflow" / "__main__.py").write_text(FAKE_AIRFLOW)
    user = {"_AIRFLOW_WWW_USER_USERNAME": "ana", "_AIRFLOW_WWW_USER_PASSWORD": "n:e w"}
    env = {"PYTHONPATH": str(tmp_path), "CALLS": str(calls), "ANSWER": answer, **user}
    command = next(service.command for service in services(Config.read({})) if service.name == "airflow-user")
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert answer in ran.stdout
    ran_as, seen = zip(*map(json.loads, calls.read_text().splitlines()), strict=True)
    created, *after = (" ".join(arguments) for arguments in ran_as)
    assert created.startswith("airflow users create --role Admin --email ana@localhost --firstname ana")
    assert created.endswith("--username ana --password n:e w")
    assert after == then
    assert not any("n:e w" in cmdline for cmdline in seen)


def test_a_change_of_what_a_one_shot_makes_runs_it_again() -> None:
    read = {service.name: set(service.reads) for service in services(Config.read({})) if service.reads}
    assert read == {
        "buckets": {"DATA_REPO_BUCKET_NAME", "MLFLOW_BUCKET_NAME"},
        "airflow-user": {"_AIRFLOW_WWW_USER_USERNAME", "_AIRFLOW_WWW_USER_PASSWORD"},
    }
