"""Clients that other people wrote, in an environment of their own, and the snippets of docs/clients.md."""

import re
import subprocess
from pathlib import Path

import httpx
import pytest

from local_stack.config import ROOT
from song_preference.clients import ask_all, clients
from song_preference.features import EXAMPLE
from song_preference.settings import ClientSettings
from tests.support.isolated import SONGS, Answers, ask

PAGE = ROOT / "docs" / "clients.md"
PATIENCE_SECONDS = 60
DOCUMENTED = {"speechiness": 0.04, "energy": 0.52, "danceability": 0.51, "acousticness": 0.71}
"""The song of the snippets."""


@pytest.fixture(scope="module")
def expected(environment: dict[str, str], rest: httpx.Client) -> Answers:
    """The answers of `/predict/batch`, once every service serves the same champion."""
    ask_all(clients(ClientSettings()), EXAMPLE, PATIENCE_SECONDS)
    answers = rest.post("/predict/batch", json={"songs": SONGS}).raise_for_status().json()["predictions"]
    return [(answer["liked"], answer["probability"]) for answer in answers]


@pytest.mark.parametrize("client", ["httpx", "gql", "reflection", "tritonclient", "mlflow"])
def test_every_client_gets_the_same_answers(
    expected: Answers, commands: Path, environment: dict[str, str], client: str
) -> None:
    answers = ask(commands, client, environment["FASTAPI_URL"], environment["GRPC_ADDRESS"])
    assert {way for way, found in answers.items() if found != expected} == set()


@pytest.mark.usefixtures("expected")
def test_every_snippet_prints_the_same_answer(
    rest: httpx.Client, commands: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    text = PAGE.read_text()
    for documented, own in (
        ("127.0.0.1:8803", environment["FASTAPI_URL"].removeprefix("http://")),
        ("127.0.0.1:50051", environment["GRPC_ADDRESS"]),
    ):
        text = text.replace(documented, own)
    (tmp_path / "protos").symlink_to(ROOT / "protos")
    path = {"PATH": f"{commands}:/usr/bin:/bin"}
    printed = []
    for language, snippet in re.findall(r"```(python|sh)\n(.*?)```", text, re.DOTALL):
        command = ["python", "-c", snippet] if language == "python" else ["bash", "-ec", snippet]
        ended = subprocess.run(
            ["/usr/bin/env", *command], cwd=tmp_path, env=path, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, f"{snippet}\n{ended.stderr}"
        if language == "python":
            printed.append(ended.stdout)
    (answer,) = rest.post("/predict/batch", json={"songs": [DOCUMENTED]}).raise_for_status().json()["predictions"]
    assert printed == [f"{answer['probability']:.4f}\n"] * 7
