"""The model card: what a version is, how good, and where it ends."""

from collections.abc import Mapping
from typing import Any

from song_preference.dataset.version import DatasetVersion
from song_preference.messages import Message
from song_preference.messages.model_card import METRICS, MODELS

MEASURED = [f"{model}_{metric}{bound}" for model in MODELS for metric in METRICS for bound in ("", "_low", "_high")]


def model_card(
    model_name: str, described: DatasetVersion, params: Mapping[str, str], metrics: Mapping[str, float]
) -> Message:
    """Return the card of a run with these params and metrics, trained on the dataset described."""
    songs = described.preparation
    values: dict[str, Any] = {
        "name": model_name,
        "warning": Message("model_of_sample").as_json() if described.source.kind == "sample" else "",
        "candidate": params["candidate"].replace("_", " "),
        "dataset": described.version,
        "source": described.source.kind,
        "songs": songs.rows_kept,
        "likes": songs.likes,
        "dislikes": songs.dislikes,
        "trained": int(params["songs_trained"]),
        "evaluated": int(params["songs_judged"]),
        "sampled": _sampled(described, params),
        "trials": params["trials"],
        "seed": params["seed"],
        "parameters": _parameters(params),
        "threshold": float(params["threshold"]),
    }
    for name in ("cv_roc_auc", "onnx_parity_error", *MEASURED):
        values[name] = float(f"{metrics[name]:.6g}")
    return Message("model_card", values)


def _sampled(described: DatasetVersion, params: Mapping[str, str]) -> Any:
    train, test = described.split.train, described.split.test
    if int(params["songs_trained"]) == train and int(params["songs_judged"]) == test:
        return ""
    return Message("trained_on_part", {"train": train, "test": test}).as_json()


def _parameters(params: Mapping[str, str]) -> str:
    own = {name: value for name, value in params.items() if name.startswith(params["candidate"])}
    return ", ".join(
        f"{name.removeprefix(params['candidate'] + '_').replace('_', ' ')} {value}" for name, value in own.items()
    )
