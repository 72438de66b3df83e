"""What Airflow's processes import at their start, in a process of its own, since Airflow configures itself then."""

import ast
from pathlib import Path

import pytest

from local_stack.config import ROOT
from tests.support.airflow import DAGS, in_airflow


def called() -> set[str]:
    """Return the modules of the domain that tasks import where they begin."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in DAGS.glob("*.py")]
    bodies = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    imports = [node for body in bodies for node in ast.walk(body) if isinstance(node, ast.ImportFrom)]
    names = {f"{node.module}{end}" for node in imports for end in ("", *(f".{alias.name}" for alias in node.names))}
    return {name for name in names if (ROOT / f"{name.replace('.', '/')}.py").exists()}


@pytest.mark.parametrize(
    ("command", "executor", "forks"),
    [
        (["scheduler"], "LocalExecutor", True),
        (["celery", "worker"], "CeleryExecutor", True),
        (["scheduler"], "CeleryExecutor", False),
        (["api-server"], "LocalExecutor", False),
    ],
)
def test_what_tasks_call_is_imported_by_the_processes_that_fork_them_alone(
    tmp_path: Path, command: list[str], executor: str, *, forks: bool
) -> None:
    assert "song_preference.training.steps" in called()
    code = f"""
import json, os, sys
os.environ["AIRFLOW__CORE__EXECUTOR"] = {executor!r}
sys.argv = {["airflow", *command]!r}
import airflow.settings
airflow.settings.initialize()
print(json.dumps(sorted(sys.modules)))
"""
    imported = called() & set(in_airflow(code, tmp_path))
    assert imported == (called() if forks else set())
