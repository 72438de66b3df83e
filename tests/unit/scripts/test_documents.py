"""The documents: links that lead somewhere, and a table of variables that agrees with `.env`."""

import ast
import hashlib
import re
import runpy
import subprocess
import tomllib
from pathlib import Path

import pytest
from dotenv import dotenv_values

from local_stack.config import ROOT
from song_preference.dataset.version import Parameters, version_of
from song_preference.messages import SENTENCES
from tests.support.documents import DOCUMENTS as WITH_COMMANDS
from tests.support.documents import (
    RUN_BY_NOBODY,
    RUN_ELSEWHERE,
    blocks,
    excepted,
    is_run_here,
    shell_commands,
    split,
    words,
)
from tests.support.stack import PLAYLIST

DOCUMENTS = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")})
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


PAGES = sorted((ROOT / "docs").rglob("*.md"))


@pytest.fixture(scope="module")
def tracked() -> set[Path]:
    """Return the paths that a clone has: files that git knows, and their folders."""
    if not (ROOT / ".git").exists():
        pytest.skip("an unpacked archive does not list its files")
    command = "git", "ls-files", "-z"
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = {ROOT / name for name in listed.split("\0") if name}
    return files.union(*(file.parents for file in files))


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(document: Path, tracked: set[Path]) -> None:
    for path, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        target = (document.parent / path).resolve() if path else document
        assert target in tracked, f"a clone has no {path}"
        assert not anchor or anchor in anchors(target), f"{path} has no heading #{anchor}"


def test_the_table_of_variables_is_that_of_the_configuration() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "configuration_table.py"))
    written = script["page"]((ROOT / ".env").read_text(encoding="utf-8"))
    assert script["PAGE"].read_text(encoding="utf-8") == written, "run make configuration"


@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_is_run_by_a_test(document: Path) -> None:
    strange = [command for command in shell_commands(document) if not (is_run_here(command) or excepted(command))]
    assert strange == [], "add them to RUN_HERE or RUN_ELSEWHERE"


def test_what_is_excepted_is_documented_and_run_where_it_says() -> None:
    found = {excepted(command) for document in WITH_COMMANDS for command in shell_commands(document)}
    assert found - {None} == RUN_ELSEWHERE.keys() | RUN_BY_NOBODY.keys()
    missing = {name: place for name, (path, place) in RUN_ELSEWHERE.items() if place not in (ROOT / path).read_text()}
    assert missing == {}


@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_targets_of_make_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"`(?:[A-Z_]+=\S+\s)*make\s([a-z0-9-]+)", document.read_text(encoding="utf-8"))
    assert set(named) <= targets


def test_a_block_is_split_where_bash_does() -> None:
    block = "curl a \\\n  -d '{\n}'   # a comment\n\n# of its own\nfor a in b; do\n  c \"#d\"\ndone\nmake  run\n"
    assert [words(command) for command in split(block)] == [
        "curl a -d {\n}",
        "for a in b; do c #d done",
        "make run",
    ]


def test_both_readmes_name_the_same_commands_answers_and_addresses() -> None:
    documents = ROOT / "README.md", ROOT / "README.es.md"
    in_english, in_spanish = (sorted(map(words, shell_commands(document))) for document in documents)
    assert in_english == in_spanish
    answers = [[text for language, text in blocks(document) if language == "json"] for document in documents]
    assert answers[0] == answers[1] != []
    english, spanish = (document.read_text(encoding="utf-8") for document in documents)
    address = re.compile(r"(?:https?://|127\.0\.0\.1:)[\w.:/#?=-]+")
    assert set(address.findall(english)) == set(address.findall(spanish))
    named = {"Panel": "Dashboard", "medida": "feature", "pregunta": "question"}
    assert [named.get(cell, cell) for cell in first_cells(spanish)] == first_cells(english)


def first_cells(text: str) -> list[str]:
    """Return the first cell of each row of the tables; of a question, the pages that answer it."""
    rows = [re.split(r" *\| *", line)[1:-1] for line in text.splitlines() if line.startswith("|")]
    return [" ".join(re.findall(r"\]\((\S+)\)", cells[1])) or cells[0] for cells in rows]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_a_page_has_at_most_two_screens_of_prose(page: Path) -> None:
    prose = re.sub(r"^```.*?^```$|^\|.*?$", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert len(prose.split()) <= 700


@pytest.mark.parametrize("page", [page for page in PAGES if page.name[0].isdigit()], ids=lambda path: path.name)
def test_a_decision_has_four_parts(page: Path) -> None:
    parts = re.findall(r"^\*\*(\w+)\.\*\*", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert parts[:4] == ["Status", "Context", "Decision", "Consequences"]


def test_the_spanish_readme_keeps_the_order_of_its_headings() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "README.es.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == [
        "Objetivo",
        "Fuente del Dataset",
        "Componentes",
        "Configuración Local",
        "Detalles de Acceso",
        "Resumen del Flujo de Trabajo",
        "Ejecución",
    ]
    steps = re.findall(r"^\*\*Paso (\d)\.\*\*", (ROOT / "README.es.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert steps == ["1", "2", "3", "4"]


@pytest.mark.parametrize("document", ["README.md", "README.es.md"])
def test_a_readme_names_addresses_and_passwords_of_the_configuration(document: str) -> None:
    text, values = (ROOT / document).read_text(encoding="utf-8"), dotenv_values(ROOT / ".env")
    ports = {name: port for name, port in values.items() if name.endswith("_PORT") or name == "MINIO_PORT_UI"}
    assert {name for name, port in ports.items() if f"127.0.0.1:{port}" not in text} == {"GRPC_METRICS_PORT"}
    for user, password in (
        ("_AIRFLOW_WWW_USER_USERNAME", "_AIRFLOW_WWW_USER_PASSWORD"),
        ("PG_USER", "PG_PASSWORD"),
        ("MINIO_ACCESS_KEY", "MINIO_SECRET_ACCESS_KEY"),
    ):
        assert f"{values[user]} / {values[password]}" in text
    assert str(values["API_KEY"]) in text
    assert all(author in text for author in ("Jonathan Cagua", "Juan Pablo Alianak"))


@pytest.mark.skipif(not PLAYLIST.exists(), reason="The playlist of `.env` is not part of the repository.")
@pytest.mark.parametrize("document", ["README.md", "README.es.md"])
def test_a_readmes_answers_name_the_version_of_the_default_playlist(document: str) -> None:
    version = version_of(hashlib.sha256(PLAYLIST.read_bytes()).hexdigest(), Parameters(test_size=0.3, seed=42))
    named = re.findall(r'"dataset_?[vV]ersion":"(\w+)"', (ROOT / document).read_text(encoding="utf-8"))
    assert named == [version] * 2


def test_the_versions_of_the_project_agree() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {version} - " in (ROOT / "CHANGELOG.md").read_text()


def texts_of(path: Path) -> list[str]:
    """Return the texts in a module, with `...` for each value that is filled in."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    parts = ((node.values if isinstance(node, ast.JoinedStr) else [node]) for node in nodes)
    return ["".join(str(part.value) if isinstance(part, ast.Constant) else "..." for part in found) for found in parts]


def test_messages_to_look_up_are_those_of_the_code() -> None:
    folders = ("fastapi_app", "local_stack", "operations", "song_preference")
    texts = [text for folder in folders for path in (ROOT / folder).rglob("*.py") for text in texts_of(path)]
    texts += [re.sub(r"{.*?}", "...", sentence) for sentence in SENTENCES["en"].values()]
    texts += [re.sub(r"\$\w+", "...", (ROOT / "scripts" / name).read_text()) for name in ("up", "environment")]
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| (.*?) \|", page, re.MULTILINE)
    messages = {message for cell in cells for message in re.findall(r"`(.*?)`", cell) if " " in message}
    unknown = {message for message in messages if not any(message.strip(". ") in text for text in texts)}
    assert unknown == {"required variable ... is missing a value: see .env"}  # Compose's own


@pytest.mark.parametrize("document", ["README.md", "README.es.md"])
def test_a_readme_is_short(document: str) -> None:
    assert len((ROOT / document).read_text(encoding="utf-8").split()) <= 1_000
