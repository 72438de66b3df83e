"""Airflow in a process of its own, since it configures itself when imported."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

DAGS = ROOT / "airflow" / "dags"


def in_airflow(code: str, home: Path) -> Any:
    """What `code` prints last, as JSON; DAG files' own modules can be imported in it, as in Airflow."""
    environment = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(DAGS),
    }
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])
