"""The fingerprint of a training: a digest of data, options and code, so that no training is repeated."""

import ast
import hashlib
import json
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from mlflow import MlflowClient

from song_preference.errors import NothingToDo
from song_preference.messages import Message
from song_preference.serving.registry import find_version, recorded
from song_preference.serving.versions import EXPERIMENT_TAG, ROLLED_BACK
from song_preference.settings import ModelSettings

PACKAGE = Path(__file__).resolve().parent.parent
SOURCES = (
    "features.py",
    "serving/model.py",
    "training/candidates.py",
    "training/choose.py",
    "training/cross_validation.py",
    "training/data.py",
    "training/export.py",
    "training/fit.py",
    "training/logistic.py",
    "training/search.py",
    "training/steps.py",
)
"""The code that changes a model. Evaluation, plots, card and promotion come after it and change none."""

STEPS = {"search", "export"}
"""Functions of `training/steps.py` that change a model; the others come after them."""

LIBRARIES = ("numpy", "onnx", "onnxruntime", "optuna", "scikit-learn", "scipy", "skl2onnx")

TRAINING_KEY = "training_key"
CHAMPION = "champion"
DECISION, DECIDED_AT = "decision", "decided_at"
"""Records of a version: whether it became `CHAMPION` or `CHALLENGER`, and when that was decided."""


def training_key(dataset_version: str, seed: int, trials: int) -> str:
    """Return a digest of data, configuration and code (first 16 hex digits of a SHA-256)."""
    recipe = json.dumps([dataset_version, seed, trials, _code_digest()])
    return hashlib.sha256(recipe.encode()).hexdigest()[:16]


def _code_digest() -> str:
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update(f"{name}\0{_statements(name)}".encode())
    digest.update(json.dumps(pinned(*LIBRARIES)).encode())
    return digest.hexdigest()


def _statements(name: str) -> str:
    """Return what a module does: its syntax tree, without comments, docstrings, layout and what it logs or raises."""
    tree = ast.parse((PACKAGE / name).read_text())
    if name == "training/steps.py":
        tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in STEPS]
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            body[:] = [statement for statement in body if not _is_text(statement)]
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            node.exc.args, node.exc.keywords = [], []
    return ast.dump(tree)


def _is_text(statement: ast.AST) -> bool:
    """Return whether a statement is a docstring or a line of the log."""
    match statement:
        case ast.Expr(ast.Constant() | ast.Call(ast.Attribute(ast.Name("log")))):
            return True
    return False


def pinned(*libraries: str) -> list[str]:
    """Return requirements with the versions that are installed."""
    return [f"{library}=={installed_version(library)}" for library in libraries]


def trained_before(
    client: MlflowClient,
    settings: ModelSettings,
    wanted: tuple[str, int, int],
    new_listener: bool | None = None,
) -> dict[str, Any] | None:
    """Return what a search returns, and the `version`, for an earlier training to be put through promotion again.

    `wanted` are dataset version, seed and trials. It is the newest version of them whose promotion was decided, None if
    there is none. Raise `NothingToDo` if the version is the champion, or if somebody rolled back from it and this run
    does not say that the listener is another one.
    """
    dataset_version, seed, trials = wanted
    key = training_key(*wanted)
    versions = client.search_model_versions(f"name = '{settings.name}' and tags.{TRAINING_KEY} = '{key}'")
    decided = [version for version in versions if DECIDED_AT in version.tags]
    if not decided:
        return None
    found = max(decided, key=lambda version: int(version.version))
    version, champion = str(found.version), find_version(client, settings.name, settings.alias)
    values = {"version": version, "dataset": dataset_version, "seed": seed, "trials": trials}
    if champion and str(champion.version) == version:
        raise NothingToDo(Message("already_trained", values))
    if ROLLED_BACK in found.tags and not new_listener:
        raise NothingToDo(Message("rolled_back_from", values))
    run = {"run_id": str(found.run_id), "experiment_id": recorded(found).get(EXPERIMENT_TAG, "")}
    return {**run, "dataset_version": dataset_version, "seed": seed, "version": version}
