"""The DAG files, as Airflow reads them; a process of its own, since Airflow configures itself when imported."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from song_preference.pipeline import ETL_DAG, TRAINING_DAG
from tests.conftest import ROOT

DAGS = ROOT / "airflow" / "dags"
DESCRIBE = f"""
import json
from airflow.dag_processing.dagbag import DagBag
bag = DagBag({str(DAGS)!r})
print(json.dumps({{
    "errors": bag.import_errors,
    "dags": {{
        dag.dag_id: {{
            "tasks": [[task.task_id, sorted(task.downstream_task_ids)] for task in dag.topological_sort()],
            "outlets": [outlet.uri for task in dag.tasks for outlet in task.outlets],
            "schedule": repr(dag.schedule),
            "documented": bool(dag.doc_md),
            "params": {{name: [param.value, param.description] for name, param in dag.params.items()}},
        }}
        for dag in bag.dags.values()
    }},
}}))
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("airflow")
    environment = {"AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "false", "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(
        [sys.executable, "-c", DESCRIBE], env=environment, cwd=ROOT, capture_output=True, text=True, check=True
    )
    described: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return described


def test_both_dags_are_read_without_an_error(bag: dict[str, Any]) -> None:
    assert bag["errors"] == {}
    assert set(bag["dags"]) == {ETL_DAG, TRAINING_DAG}
    assert all(dag["documented"] for dag in bag["dags"].values())


def test_tasks_run_in_the_order_of_the_specification(bag: dict[str, Any]) -> None:
    assert [name for name, _ in bag["dags"][ETL_DAG]["tasks"]] == ["download", "engineer_features", "split", "register"]
    assert [name for name, _ in bag["dags"][TRAINING_DAG]["tasks"]] == ["train", "evaluate", "export", "promote"]


def test_the_trigger_form_has_parameters_with_help(bag: dict[str, Any]) -> None:
    params = bag["dags"][ETL_DAG]["params"]
    assert {name: value for name, (value, _) in params.items()} == {"test_size": 0.3, "seed": 42}
    assert all(help_text for _, help_text in params.values())


def test_a_published_dataset_starts_the_training(bag: dict[str, Any]) -> None:
    (uri,) = bag["dags"][ETL_DAG]["outlets"]
    assert uri in bag["dags"][TRAINING_DAG]["schedule"]


@pytest.mark.parametrize("file", sorted(DAGS.glob("*.py")), ids=lambda path: path.name)
def test_dag_files_stay_thin(file: Path) -> None:
    assert len(file.read_text().splitlines()) < 100
