import subprocess
from pathlib import Path

import pytest

from local_stack.config import Config
from local_stack.services import AIRFLOW_USER, services


def test_s3_is_for_this_machine_alone_whatever_the_others_listen_on() -> None:
    everywhere = Config.read({"BIND_ADDRESS": "0.0.0.0"})  # noqa: S104 - what is tested
    commands = {service.name: service.command for service in services(everywhere)}
    assert "-ip.bind=127.0.0.1" in commands["s3"]
    assert everywhere.bind in commands["fastapi"]
    assert everywhere.bind not in " ".join(commands["s3"])


@pytest.mark.parametrize(
    ("answer", "then"),
    [
        ('User "ana" created with role "Admin"', []),
        ("ana already exists in the db", ["-m airflow users reset-password --username ana --password n:e w"]),
    ],
)
def test_an_airflow_user_that_exists_gets_the_password_of_today(answer: str, then: list[str], tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho \"$*\" >> {calls}\necho '{answer}'\n")
    python.chmod(0o700)
    env = {"PATH": "/usr/bin:/bin", "_AIRFLOW_WWW_USER_USERNAME": "ana", "_AIRFLOW_WWW_USER_PASSWORD": "n:e w"}
    ran = subprocess.run(["/bin/sh", "-ec", AIRFLOW_USER, python], env=env, capture_output=True, text=True, check=True)
    assert answer in ran.stdout
    created, *after = calls.read_text().splitlines()
    assert created.startswith("-m airflow users create --role Admin --username ana --password n:e w --email ana@local")
    assert after == then


def test_a_change_of_what_a_one_shot_makes_runs_it_again() -> None:
    read = {service.name: set(service.reads) for service in services(Config.read({})) if service.reads}
    assert read == {
        "buckets": {"DATA_REPO_BUCKET_NAME", "MLFLOW_BUCKET_NAME"},
        "airflow-user": {"_AIRFLOW_WWW_USER_USERNAME", "_AIRFLOW_WWW_USER_PASSWORD"},
    }
