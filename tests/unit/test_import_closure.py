"""Which of our modules a module imports, directly or not, read from the source without running it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.config import ROOT

MOST_OF_DASHBOARD = 20
MOST_OURS = {"predict": 34, "discover": 36, "explore": 30, "model": 33, "songs": 26, "pipeline": 34}
MOST_OF_SERVICES = {
    "fastapi_app.__main__": 96,
    "grpc_service.__main__": 38,
    "song_preference.dataset.etl": 37,
    "song_preference.training.steps": 43,
    "song_preference.catalogue.importing": 36,
}
OURS = ("song_preference", "fastapi_app", "grpc_service", "streamlit_app", "operations", "local_stack")


def import_closure(module: str) -> set[str]:
    """Return the module and all of ours that it leads to: imports inside functions and packages' own count too."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found and _is_module(name):
            found.add(name)
            waiting += _parents(name)
            waiting += _imported(name)
    return found


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return name.split(".", maxsplit=1)[0] in OURS and (
        path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
    )


def _file(name: str) -> Path:
    path = ROOT.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def _imported(name: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(_file(name).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            # What is imported from a package may be a module of its own.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("page", MOST_OURS)
def test_a_page_leads_to_few_modules(page: str) -> None:
    found = import_closure(f"streamlit_app.{page}.page")
    assert len([name for name in found if name.startswith("streamlit_app")]) <= MOST_OF_DASHBOARD
    assert len(found) <= MOST_OURS[page]


@pytest.mark.parametrize("entry_point", MOST_OF_SERVICES)
def test_an_entry_point_leads_to_few_modules(entry_point: str) -> None:
    assert len(import_closure(entry_point)) <= MOST_OF_SERVICES[entry_point]


def test_imports_inside_functions_and_of_packages_count() -> None:
    found = import_closure("streamlit_app.songs.page")
    assert {"streamlit_app", "streamlit_app.songs", "streamlit_app.songs.answers", "song_preference.features"} <= found
    assert "streamlit_app.predict.page" not in found
