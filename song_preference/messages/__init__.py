"""Messages to people as data: a code and values, rendered in English or Spanish at the very end.

Sentences, and the parts of model cards, are in `*.toml` files: a table for each, which names both languages.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from string import Formatter, Template
from typing import Any, Literal, get_args

FOLDER = Path(__file__).parent
"""The folder of messages, cards, options and tasks."""

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Text = dict[Language, str]
"""One text in each language."""
Texts = dict[str, Text]
"""Texts by key."""

EVERY_CARDS_METRICS = ("roc_auc", "pr_auc", "accuracy", "f1", "brier")
CARD_METRICS = (*EVERY_CARDS_METRICS, "log_loss", "calibration_slope", "calibration_intercept")
FIRST_CARD_METRICS = (*EVERY_CARDS_METRICS, "calibration_error")
"""Metrics of the first model cards."""

CARD_MODELS = ("test", "majority", "logistic_regression")
"""Prefixes of the metrics of the model, and of those that it is compared with."""

UNDEFINED = "majority_calibration_slope"
"""The only metric that is left out: a constant probability has no slope."""

METRIC_NAMES = [
    f"{model}_{metric}" for metric in CARD_METRICS for model in CARD_MODELS if f"{model}_{metric}" != UNDEFINED
]


def read_texts(path: Path) -> Texts:
    """Return the texts of a file."""
    with path.open("rb") as file:
        return tomllib.load(file)


def cards(language: Language) -> dict[str, str]:
    """Return the model cards of today, of version 0.1 and of between by code.

    They are Markdown, in English under MLflow's 5,000 characters, with placeholders of Python's format.
    """
    parts = {name: texts[language] for name, texts in read_texts(FOLDER / "card.toml").items()}
    template = Template((FOLDER / f"card.{language}.md").read_text(encoding="utf-8"))
    first = {name.removeprefix("first_"): text for name, text in parts.items() if name.startswith("first_")}
    metrics = f"{_rows(CARD_METRICS, parts)}\n\n{{comparison}}"
    return {
        "model_card": template.substitute(first, metrics=_rows(FIRST_CARD_METRICS, parts)),
        "model_card_with_comparison": template.substitute(first | {"search": parts["search"]}, metrics=metrics),
        "model_card_of_refitted": template.substitute(parts, metrics=metrics),
    }


def _rows(metrics: Iterable[str], parts: dict[str, str]) -> str:
    return "\n".join(f"| {parts[f'title_{metric}']} | {_cells(metric, parts['to'])} |" for metric in metrics)


def _cells(metric: str, to: str) -> str:
    names = [f"{model}_{metric}" for model in CARD_MODELS]
    return " | ".join(
        "—" if name == UNDEFINED else f"{{{name}:.3f}} ({{{name}_low:.3f}} {to} {{{name}_high:.3f}})" for name in names
    )


_TEXTS = read_texts(FOLDER / "sentences.toml")
SENTENCES: dict[Language, dict[str, str]] = {
    language: {code: text[language] for code, text in _TEXTS.items()} | cards(language) for language in LANGUAGES
}
SPANISH_SIGNS = str.maketrans({",": ".", ".": ",", "%": "\N{NO-BREAK SPACE}%"})
MINUS = "\N{MINUS SIGN}"
"""As Vega writes it in charts."""

LOOK_UP_CODES = ("songs_found", "all_songs_found")
"""Codes of the notes on songs that were looked up in the catalogue."""


@dataclass(frozen=True)
class Message:
    """A sentence, or a part of one, by its code, and the values that fill it in; a value may be such a message too.

    Messages are stored: a code keeps its values for ever, and a sentence with others gets another code.
    """

    code: str | None
    """Key of the sentence; None for a message that was stored before messages had codes."""
    params: dict[str, Any] = field(default_factory=dict)
    """Values of the placeholders, as JSON."""
    english: str = ""
    """Text of a message that was stored or sent, in case this version does not know its code."""

    def text(self, language: Language = "en") -> str:
        """Return the message in that language, or its stored English if its code is unknown or a value is missing."""
        sentence = SENTENCES[language].get(self.code or "")
        if sentence is None or (language == "en" and self.english):
            return self.english
        try:
            return LanguageFormatter(language).vformat(sentence, (), self.params)
        except (LookupError, TypeError, ValueError):
            if self.english:
                return self.english
            raise

    def __str__(self) -> str:
        return self.text()

    def is_about(self, *codes: str) -> bool:
        """Return whether the message, or the one that it has about a file of several, has one of the codes."""
        return self.code in codes or (self.code == "of_file" and self.params["message"]["code"] in codes)

    def stored(self) -> "Message":
        """Return the message with its text in English, for readers that do not know its code."""
        return replace(self, english=str(self))

    def as_json(self) -> dict[str, Any]:
        """Return code and values: the form in which a message is sent, and in which it is a value of another one."""
        return {"code": self.code, "params": self.params}


@dataclass(frozen=True)
class LanguageFormatter(Formatter):
    """Fills texts in and writes their numbers as the language does, such as 1.234,5 in Spanish."""

    language: Language

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return one value as text; a message among the values is rendered in the same language."""
        match value:
            case {"code": code, "params": params}:
                return Message(code, params).text(self.language)
            case [{"code": _}, *_]:
                return "; ".join(self.format_field(item, format_spec) for item in value)
            case list():
                return ", ".join(self.format_field(item, format_spec) for item in value)
            case Real():
                text = format(value, format_spec)
                signed = f"{MINUS}{text[1:]}" if text.startswith("-") else text
                return signed.translate(SPANISH_SIGNS) if self.language == "es" else signed
        return format(value, format_spec)
