"""A new user types what the documents say, in their order, and sees the answers that they show."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from dotenv import dotenv_values
from mlflow import MlflowClient

from local_stack.config import ROOT
from tests.support.documents import DOCUMENTS, blocks, is_run_here, split, words
from tests.support.isolated import CLIENTS
from tests.support.stack import PORTS
from tests.support.waiting import wait_for

OF_REAL_CLIENTS = ROOT / "docs" / "clients.md"
"""tests/e2e/test_real_clients.py runs this page where the packages that it names are installed."""

pytestmark = pytest.mark.once

READ_HERE = [document for document in DOCUMENTS if document != OF_REAL_CLIENTS]

Shell = Callable[[str], str]


@pytest.fixture(scope="module")
def other_version(environment: dict[str, str], rest: httpx.Client) -> Iterator[str]:
    """A version besides the champion, which is the champion again afterwards."""
    client, name = MlflowClient(), environment["MODEL_NAME"]
    champion = client.get_model_version_by_alias(name, environment["MODEL_ALIAS"])
    copy = client.copy_model_version(f"models:/{name}/{champion.version}", name)
    yield str(copy.version)
    assert rest.post("/model/rollback", json={"version": champion.version}).status_code == httpx.codes.OK
    wait_for(lambda: rest.get("/model").json()["version"] == champion.version, "the former champion in service")
    client.delete_model_version(name, copy.version)


@pytest.fixture(scope="module")
def shell(
    environment: dict[str, str],
    rest: httpx.Client,
    commands: Path,
    other_version: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shell]:
    """Runs a command as written, except for ports and the version, in a clone; returns its answer.

    A command that two documents share runs once. Runs of the pipeline that commands start go on meanwhile.
    """
    home = tmp_path_factory.mktemp("home")
    programs, clone = home / "bin", home / "clone"
    programs.mkdir()
    (programs / "aws").symlink_to(commands / "aws")
    if not shutil.which("grpcurl"):
        (programs / "grpcurl").symlink_to(CLIENTS / "grpcurl.py")
    # curl ends well when a service answers with an error, which a user would see.
    (home / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
    copy_as_cloned(clone)
    variables = {name: environment[name] for name in ("LOCAL_STATE_DIR", *PORTS)}
    variables |= {"HOME": str(home), "PATH": f"{Path(sys.executable).parent}:{programs}:{os.environ['PATH']}"}
    documented = dotenv_values(ROOT / ".env")
    ports = {str(documented[name]): environment[name] for name in PORTS}
    answers: dict[str, str] = {}

    def wait_for_runs() -> None:
        for answer in answers.values():
            wait_for_run(rest, answer)

    def run(command: str) -> str:
        command = re.sub(
            r"((?:127\.0\.0\.1|localhost):)(\d+)", lambda found: found[1] + ports.get(found[2], found[2]), command
        )
        command = re.sub(r"\bVERSION=\d+", f"VERSION={other_version}", command)
        # Comments are in the language of the document.
        plain = words(command)
        if plain not in answers:
            if "rollback" in command:
                wait_for_runs()  # each of them may change the champion, too
            bash = ["bash", "-ec", command]
            ended = subprocess.run(bash, cwd=clone, env=variables, capture_output=True, text=True, check=False)
            # GraphQL reports errors with status 200.
            is_ok = ended.returncode == 0 and '"errors":' not in ended.stdout
            assert is_ok, f"{command}\n{ended.stdout}{ended.stderr}"
            answers[plain] = ended.stdout
        return answers[plain]

    yield run
    wait_for_runs()


def copy_as_cloned(clone: Path) -> None:
    """Copy what a clone would have, and link the environment, which would take a minute to install."""
    command = "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():  # a file that git knows may have been deleted
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
    (clone / ".venv").symlink_to(ROOT / ".venv")


def wait_for_run(rest: httpx.Client, answer: str) -> None:
    """Wait for the end of the run of the pipeline that a command has started, if it has."""
    started = re.match(r'{"(?:run_)?id":"([^"]+)","(?:source|state)"', answer)
    if not started:
        return

    def states() -> tuple[str, str | None]:
        run = rest.get(f"/pipeline/runs/{started[1]}").raise_for_status().json()
        return run["state"], (run["training"] or {}).get("state")

    wait_for(lambda: "failed" in states() or states()[1] == "success", "the end of the run")
    assert states() == ("success", "success")


@pytest.mark.parametrize("document", READ_HERE, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_work_and_answer_as_shown(document: Path, shell: Shell) -> None:
    answers: list[str] = []
    for language, text in blocks(document):
        if language == "sh":
            answers = [shell(command) for command in split(text) if is_run_here(command)]
        elif language == "python":
            answers = [shell(f"python - <<'END'\n{text}END")]
        elif language == "json" and answers:
            assert [*map(shape, values("".join(answers)))] == [*map(shape, values(text))]
        elif language == "text" and answers:
            assert layout("".join(answers)) == layout(text)


def values(text: str) -> list[Any]:
    """Return JSON values that follow each other."""
    found, decoder = [], json.JSONDecoder()
    while text := text.lstrip():
        value, end = decoder.raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


def shape(value: Any) -> Any:
    """Return what the answers of two models share: keys, whether the song is liked, and the types of all else."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [*map(shape, value)]
    if isinstance(value, bool) or value in {"like", "dislike"}:
        return value
    return float if isinstance(value, int | float) else type(value)


def layout(text: str) -> list[str]:
    """Return a text's lines without numbers and widths."""
    return [re.sub(r"\d+", "0", " ".join(line.split())) for line in text.strip().splitlines()]
