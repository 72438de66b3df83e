"""The documents: links that lead somewhere, and a table of variables that agrees with `.env`."""

import re
import runpy
from pathlib import Path

import pytest

from local_stack.config import ROOT

DOCUMENTS = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / ".github").rglob("*.md")})
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")


def anchors(document: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(document: Path) -> None:
    for path, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        target = document.parent / path if path else document
        assert target.exists(), f"{path} does not exist"
        assert not anchor or anchor in anchors(target), f"{path} has no heading #{anchor}"


def test_the_table_of_variables_is_that_of_the_configuration() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "configuration_table.py"))
    assert script["PAGE"].read_text(encoding="utf-8") == script["page"]((ROOT / ".env").read_text(encoding="utf-8"))


def commands(document: str) -> list[str]:
    """Return the commands of a README, without their comments."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)
    return sorted(re.sub(r"\s+#\s.*", "", line) for block in blocks for line in block.splitlines())


def test_both_readmes_name_the_same_commands_and_addresses() -> None:
    assert commands("README.md") == commands("README.es.md")
    english, spanish = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.es.md"))
    address = re.compile(r"https?://[\w.:/#?=-]+")
    assert set(address.findall(english)) == set(address.findall(spanish))


@pytest.mark.parametrize("document", ["README.md", "README.es.md"])
def test_a_readme_is_short(document: str) -> None:
    assert len((ROOT / document).read_text(encoding="utf-8").split()) <= 1_000
