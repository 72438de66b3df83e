"""What the scripts tell Compose beside `.env`."""

import subprocess
from pathlib import Path

import pytest

from local_stack.config import ROOT


@pytest.mark.parametrize(
    ("line", "given", "exported"),
    [
        ("", {}, "all"),
        ("", {"COMPOSE_PROFILES": "serving"}, "serving"),
        ("COMPOSE_PROFILES=serving\n", {}, ""),
        ("COMPOSE_PROFILES=serving\n", {"COMPOSE_PROFILES": "mlflow"}, "mlflow"),
    ],
    ids=["in neither", "in the environment", "in .env", "in both"],
)
def test_an_older_env_file_starts_all_parts(tmp_path: Path, line: str, given: dict[str, str], exported: str) -> None:
    (tmp_path / ".env").write_text(f"API_KEY=a\n{line}")
    ran = subprocess.run(
        ["bash", "-euc", f". {ROOT}/scripts/compose-variables; printenv COMPOSE_PROFILES || true"],  # noqa: S607
        env={"PATH": "/usr/bin:/bin", **given},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == exported
