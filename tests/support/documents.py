"""The commands of the documents: those that a test runs as they are written, and what runs the others."""

import re
import shlex
import subprocess
from pathlib import Path

from local_stack.config import ROOT

DOCUMENTS = [*sorted(ROOT.glob("*.md"), reverse=True), *sorted((ROOT / "docs").glob("*.md"))]
"""Every page that addresses a reader, the READMEs among the first; decisions quote commands of their time."""

BLOCK = re.compile(r"^ *```(\w+)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
ASSIGNMENTS = re.compile(r"(?:[A-Z_0-9]+=\S* )*")

RUN_HERE = re.compile(r"(curl|grpcurl|aws|python|make (datasets|catalogue|rollback))\b")
"""What tests/e2e/test_documents.py may run on the platform that it shares with other tests."""

RESTARTS = "tests/compose/test_restarts.py"

RUN_ELSEWHERE = {
    "make run": ("tests/support/stack.py", 'local_stack("run", config)'),
    "make stop": ("tests/support/stack.py", 'local_stack("stop", config)'),
    "make test": (".ci/run", "step make test\n"),
    "make up": ("tests/compose/test_bad_starts.py", 'run("scripts/up", "--build")'),
    "make down": (RESTARTS, 'compose("down", **production)'),
    "make backup": (RESTARTS, 'run("scripts/backup", path)'),
    "make restore": (RESTARTS, 'run("scripts/restore", backup'),
    "docker compose --profile all up": (RESTARTS, 'compose("--profile", "all", "up", "--detach", "--wait")'),
    "docker compose down": (RESTARTS, 'compose("down")'),
    "docker compose exec airflow-scheduler python -m operations.secret_files": (RESTARTS, "is_for_a_container("),
    "docker compose exec fastapi python -m operations.secret_files": (RESTARTS, "is_for_a_container("),
    "docker compose run --rm --no-deps mlflow": (RESTARTS, "is_for_a_container("),
    "curl --cacert secrets/tls_cert.pem": (
        "tests/compose/test_proxy.py",
        'patch.setenv("TLS_CA_FILE", variables["TLS_CERT_FILE"])',
    ),
}
"""By their first words, commands that start or stop a platform or need Docker: what runs them, and a text from it."""

RUN_BY_NOBODY = {
    "docker compose exec postgres psql": "asks for a password at a terminal",
    "docker compose exec airflow-apiserver airflow users delete": "deletes the account that the tests have",
}
"""The same for commands that no test runs, and why."""


def blocks(document: Path) -> list[tuple[str, str]]:
    """Return language and text of each fenced block, in order."""
    return BLOCK.findall(document.read_text(encoding="utf-8"))


def split(block: str) -> list[str]:
    """Split a shell block where bash does, so that quotes, loops and continued lines stay whole."""
    found, command = [], ""
    for line in block.splitlines(keepends=True):
        command += line
        if not _is_unfinished(command):
            found += [command] if words(command) else []
            command = ""
    assert not command, f"bash does not understand: {command}"
    return found


def shell_commands(document: Path) -> list[str]:
    """Return the commands of all shell blocks of a document."""
    return [command for language, text in blocks(document) if language == "sh" for command in split(text)]


def words(command: str) -> str:
    """Return a command on one line, without comments and quotes."""
    return " ".join(shlex.split(command.replace("\\\n", " "), comments=True))


def excepted(command: str) -> str | None:
    """Return the entry of `RUN_ELSEWHERE` or `RUN_BY_NOBODY` that a command belongs to."""
    plain = ASSIGNMENTS.sub("", words(command), count=1)
    return next((start for start in RUN_ELSEWHERE | RUN_BY_NOBODY if f"{plain} ".startswith(f"{start} ")), None)


def is_run_here(command: str) -> bool:
    return RUN_HERE.match(ASSIGNMENTS.sub("", words(command), count=1)) is not None and not excepted(command)


def is_for_a_container(command: str) -> bool:
    """Return whether a test of Compose runs a command in a container."""
    return "operations.secret_files" in command or "compose run" in command


def _is_unfinished(command: str) -> bool:
    # bash takes a backslash at the very end for a whole line.
    check = ["bash", "-n", "-c", command]
    return command.endswith("\\\n") or subprocess.run(check, capture_output=True, check=False).returncode != 0
