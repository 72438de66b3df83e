"""What a training run is made of, so that none is repeated and each can be traced."""

import hashlib
import json
from importlib.metadata import version as installed_version
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from song_preference.errors import NothingToDo
from song_preference.messages import Message

PACKAGE = Path(__file__).resolve().parent.parent
SOURCES = ("features.py", "serving/contract.py", "training/*.py")
LIBRARIES = ("numpy", "onnx", "onnxruntime", "optuna", "scikit-learn", "scipy", "skl2onnx")

TRAINING_KEY = "training_key"
CHAMPION, CHALLENGER = "champion", "challenger"
DECISION, REASON, REPLACED, DECIDED_AT = "decision", "decision_reason", "replaced", "decided_at"
REASON_CODE, REASON_PARAMS = "decision_code", "decision_params"
"""Tags of a version: champion or challenger, why (in English and as data), the champion before it, and when."""


def training_key(dataset_version: str, seed: int, trials: int) -> str:
    """The same for the same data, configuration and code (first 16 hex digits of a SHA-256)."""
    recipe = json.dumps([dataset_version, seed, trials, _code_digest()])
    return hashlib.sha256(recipe.encode()).hexdigest()[:16]


def _code_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in SOURCES for path in PACKAGE.glob(pattern)):
        digest.update(f"{path.relative_to(PACKAGE)}\0".encode() + path.read_bytes())
    digest.update(json.dumps(pinned(*LIBRARIES)).encode())
    return digest.hexdigest()


def pinned(*libraries: str) -> list[str]:
    """Requirements with the versions that are installed."""
    return [f"{library}=={installed_version(library)}" for library in libraries]


def find_trained(client: MlflowClient, model_name: str, key: str) -> ModelVersion | None:
    """The newest version with this training key whose promotion was decided."""
    versions = client.search_model_versions(f"name = '{model_name}' and tags.{TRAINING_KEY} = '{key}'")
    decided = [version for version in versions if DECIDED_AT in version.tags]
    return max(decided, key=lambda version: int(version.version), default=None)


def check_untrained(client: MlflowClient, model_name: str, dataset_version: str, seed: int, trials: int) -> None:
    """Raise `NothingToDo` if a training with these values would repeat an earlier one."""
    found = find_trained(client, model_name, training_key(dataset_version, seed, trials))
    if found is not None:
        values = {"version": str(found.version), "dataset": dataset_version, "seed": seed, "trials": trials}
        raise NothingToDo(Message("already_trained", values))
