"""The command line, in a process of its own: `exec` becomes the command; and how `run` gets a champion."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from local_stack import __main__ as command_line
from local_stack.config import ROOT, Config, StackError
from song_preference.mlflow_pages import experiments_page


def local_stack(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_stack", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "MLFLOW_PORT": "6000"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_finds_the_platform_and_keeps_its_options_and_its_status() -> None:
    code = "import os, sys; print(os.environ['MLFLOW_TRACKING_URI'], sys.argv[1:]); sys.exit(7)"
    ran = local_stack("exec", sys.executable, "-c", code, "remove", "--yes")
    assert ran.stdout == "http://127.0.0.1:6000 ['remove', '--yes']\n"
    assert ran.returncode == 7


def test_a_command_that_does_not_exist_is_named() -> None:
    ran = local_stack("exec", "no-such-program")
    assert ran.returncode == 1
    assert ran.stderr == "\n'no-such-program' cannot be run: No such file or directory.\n"


@pytest.mark.parametrize("arguments", [[], ["exec"], ["stop", "now"]])
def test_anything_else_is_answered_with_the_usage(arguments: list[str]) -> None:
    ran = local_stack(*arguments)
    assert ran.returncode == 2
    assert ran.stderr.startswith("usage: local_stack")


@pytest.fixture
def champions() -> list[dict[str, str]]:
    """The tags of each version that became champion, which all have the number 1."""
    return []


@pytest.fixture(autouse=True)
def _without_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "bring_up", lambda *_: None)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch, champions: list[dict[str, str]]) -> list[tuple[str, ...]]:
    """The platform's own commands that were run; there is a champion once the pipeline was among them."""
    ran: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...], env: dict[str, str], **_: object) -> subprocess.CompletedProcess[str]:
        if command[2] == "song_preference.pipeline":
            ran.append(command[2:])
            champions.append(learned_from("sample" if env["DATASET_SOURCE"] == "sample" else "https"))
        elif command[2] == "song_preference.clients":
            assert command[-2:] == ("--version", "1")
            assert "--commands" in command
        return subprocess.CompletedProcess(command, 0)

    def get(url: str, **_: object) -> httpx.Response:
        assert url.endswith("/api/2.0/mlflow/registered-models/alias")
        if not champions:
            return httpx.Response(404, json={"error_code": "RESOURCE_DOES_NOT_EXIST"})
        tags = [{"key": key, "value": value} for key, value in champions[-1].items()]
        return httpx.Response(200, json={"model_version": {"version": "1", "tags": tags}})

    monkeypatch.setattr("subprocess.run", run)
    monkeypatch.setattr(httpx, "get", get)
    return ran


def learned_from(kind: str) -> dict[str, str]:
    return {"training": json.dumps({"source_kind": kind})}


def run(state: Path, source: str, new_listener: str | None = None) -> None:
    command_line.run(Config.read({"LOCAL_STATE_DIR": str(state), "DATASET_SOURCE": source}), new_listener)


def test_the_summary_leads_to_the_pages_that_links_lead_to(
    tmp_path: Path, commands: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "sample")
    assert commands
    assert f"  MLflow      {experiments_page('http://127.0.0.1:5006')}\n" in capsys.readouterr().out


PIPELINE = ("song_preference.pipeline",)


def test_the_pipeline_runs_for_a_first_champion_and_for_another_source(
    tmp_path: Path, commands: list[tuple[str, ...]]
) -> None:
    for source in ("sample", "sample", "https://example.com/a.csv", "sample"):
        run(tmp_path, source)
    assert commands == [PIPELINE] * 3


@pytest.mark.parametrize(("new_listener", "answers"), [("yes", []), ("no", []), (None, ["maybe", "yes"])])
def test_another_source_is_another_listeners_or_not(
    *,
    new_listener: str | None,
    answers: list[str],
    tmp_path: Path,
    commands: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answers.pop(0))
    run(tmp_path, "https://example.com/a.csv")
    run(tmp_path, "https://example.com/b.csv", new_listener)
    assert commands == [PIPELINE, (*PIPELINE, "--new-listener", new_listener or "yes")]
    assert answers == []


def test_who_says_whose_it_is_gets_another_decision_on_the_same_source(
    tmp_path: Path, commands: list[tuple[str, ...]]
) -> None:
    run(tmp_path, "https://example.com/a.csv")
    run(tmp_path, "https://example.com/a.csv", "yes")
    assert commands == [PIPELINE, (*PIPELINE, "--new-listener", "yes")]


@pytest.mark.parametrize("tags", [learned_from("sample"), {"source_kind": "sample"}])
def test_a_playlist_replaces_the_sample_that_stood_in_for_another_source(
    tags: dict[str, str], tmp_path: Path, commands: list[tuple[str, ...]], champions: list[dict[str, str]]
) -> None:
    run(tmp_path, "https://drive.google.com/file/d/1")
    champions.append(tags)
    run(tmp_path, "https://example.com/a.csv")
    assert commands == [PIPELINE] * 2


def test_whose_a_list_is_counts_once_an_upload_has_replaced_the_sample(
    tmp_path: Path, commands: list[tuple[str, ...]], champions: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    run(tmp_path, "sample")
    champions.append(learned_from("upload"))
    with pytest.raises(StackError, match="DATASET_SOURCE is another one than before"):
        run(tmp_path, "https://example.com/b.csv")
    assert commands == [PIPELINE]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("https://example.com/b.csv", "DATASET_SOURCE=https://example.com/b.csv make run NEW_LISTENER=yes\n"),
        ("/home/ana/my list.csv", "DATASET_SOURCE='/home/ana/my list.csv' make run NEW_LISTENER=yes\n"),
        ("https://example.com/b.csv?token=hunter2", "  make run NEW_LISTENER=yes\n"),
    ],
)
def test_without_a_terminal_another_source_ends_with_the_commands_to_go_on(
    source: str, shown: str, tmp_path: Path, commands: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    run(tmp_path, "https://example.com/a.csv")
    with pytest.raises(StackError) as ended:
        run(tmp_path, source)
    assert shown in str(ended.value)
    assert str(ended.value).endswith("make run NEW_LISTENER=no")
    assert "hunter2" not in str(ended.value)
    assert commands == [PIPELINE]


def test_the_pipeline_runs_for_a_file_that_was_edited_since_and_only_then(
    tmp_path: Path, commands: list[tuple[str, ...]]
) -> None:
    state, playlist = tmp_path / "state", tmp_path / "mine.csv"
    state.mkdir()
    for text in ("a", "a,b"):
        playlist.write_text(text)
        run(state, str(playlist))
        run(state, str(playlist))
    os.utime(playlist, ns=(0, 0))
    run(state, str(playlist))
    assert commands == [PIPELINE] * 3


@pytest.mark.parametrize(
    ("source", "as_shown"),
    [
        ("https://user:hunter2@example.com/a.csv", "https://..."),
        ("https://user:hunt/hunter2@example.com/a.csv", "https://..."),
        ("https://example.com/a.csv?token=hunter2", "https://..."),
        ("https://example.com/a.csv#token=hunter2", "https://..."),
        ("https://example.com/a.csv", "https://example.com/a.csv"),
        ("/home/ana/what?.csv", "/home/ana/what?.csv"),
    ],
)
def test_a_secret_in_the_source_is_neither_shown_nor_kept(
    source: str,
    as_shown: str,
    tmp_path: Path,
    commands: list[tuple[str, ...]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(tmp_path, source)
    shown = capsys.readouterr().out
    assert f"\nRunning the pipeline on {as_shown}\n" in shown
    kept = [path.read_bytes() for path in tmp_path.iterdir()]
    assert kept
    assert not any(b"hunter2" in content or source.encode() in content for content in kept)
    assert "hunter2" not in shown


def test_an_mlflow_that_does_not_answer_is_no_platform_without_a_champion(tmp_path: Path) -> None:
    settings = {"LOCAL_STATE_DIR": str(tmp_path), "DATASET_SOURCE": "sample", "MLFLOW_PORT": "9"}
    with pytest.raises(StackError, match="MLflow does not answer"):
        command_line.run(Config.read(settings))


def test_an_mlflow_that_fails_is_no_platform_without_a_champion(
    tmp_path: Path, commands: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(httpx, "get", lambda *_, **__: httpx.Response(500))
    with pytest.raises(StackError, match=r"MLflow fails \(500 Internal Server Error\): its log is in "):
        run(tmp_path, "sample")
    assert commands == []
