"""Which of our modules a module imports, directly or not, read from the source without running it."""

import ast
from collections.abc import Iterator
from pathlib import Path

from local_stack.config import ROOT

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
