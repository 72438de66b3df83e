"""The model cards: Markdown, in English under MLflow's 5,000 characters, with placeholders of Python's format."""

from collections.abc import Iterable
from string import Template

from song_preference.messages.texts import FOLDER, Language, read_texts

METRICS = ("roc_auc", "pr_auc", "accuracy", "f1", "brier", "log_loss", "calibration_slope", "calibration_intercept")
FIRST_METRICS = ("roc_auc", "pr_auc", "accuracy", "f1", "brier", "calibration_error")
"""Metrics of the first model cards."""

MODELS = ("test", "majority", "logistic_regression")
"""Prefixes of the metrics of the model, and of those that it is compared with."""

UNDEFINED = "majority_calibration_slope"
"""The only metric that is left out: a constant probability has no slope."""

METRIC_NAMES = [f"{model}_{metric}" for metric in METRICS for model in MODELS if f"{model}_{metric}" != UNDEFINED]


def cards(language: Language) -> dict[str, str]:
    """Return the cards of today, of version 0.1 and of between by code, from `card.<language>.md` and `card.toml`."""
    parts = {name: texts[language] for name, texts in read_texts(FOLDER / "card.toml").items()}
    template = Template((FOLDER / f"card.{language}.md").read_text(encoding="utf-8"))
    first = {name.removeprefix("first_"): text for name, text in parts.items() if name.startswith("first_")}
    metrics = f"{_rows(METRICS, parts)}\n\n{{comparison}}"
    return {
        "model_card": template.substitute(first, metrics=_rows(FIRST_METRICS, parts)),
        "model_card_with_comparison": template.substitute(first | {"search": parts["search"]}, metrics=metrics),
        "model_card_of_refitted": template.substitute(parts, metrics=metrics),
    }


def _rows(metrics: Iterable[str], parts: dict[str, str]) -> str:
    return "\n".join(f"| {parts[f'title_{metric}']} | {_cells(metric, parts['to'])} |" for metric in metrics)


def _cells(metric: str, to: str) -> str:
    names = [f"{model}_{metric}" for model in MODELS]
    return " | ".join(
        "—" if name == UNDEFINED else f"{{{name}:.3f}} ({{{name}_low:.3f}} {to} {{{name}_high:.3f}})" for name in names
    )
