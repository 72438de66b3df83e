"""Airflow's administrator, with a stand-in for Airflow's command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
        ("ana already exists in the db", ["airflow users reset-password --username=ana --password=-n:e w"]),
    ],
)
def test_an_airflow_user_that_exists_gets_the_password_of_today(answer: str, then: list[str], tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    (tmp_path / "airflow").mkdir()
    (tmp_path / "airflow" / "__init__.py").touch()
    (tmp_path / "airflow" / "__main__.py").write_text(FAKE_AIRFLOW)
    user = {"_AIRFLOW_WWW_USER_USERNAME": "ana", "_AIRFLOW_WWW_USER_PASSWORD": "-n:e w"}
    env = {"PYTHONPATH": str(tmp_path), "CALLS": str(calls), "ANSWER": answer, **user}
    command = [sys.executable, "-m", "operations.airflow_user"]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert answer in ran.stdout
    ran_as, seen = zip(*map(json.loads, calls.read_text().splitlines()), strict=True)
    created, *after = (" ".join(arguments) for arguments in ran_as)
    assert created.startswith("airflow users create --role Admin --email ana@localhost --firstname ana")
    assert created.endswith("--username=ana --password=-n:e w")
    assert after == then
    assert not any("n:e w" in cmdline for cmdline in seen)
