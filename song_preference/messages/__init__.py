"""What the platform says to people, as data: a code and values, rendered in English or Spanish at the very end."""

from dataclasses import dataclass, field, replace
from string import Formatter
from typing import Any, Literal

from song_preference.messages import en, es, model_card

Language = Literal["en", "es"]
Text = dict[Language, str]
"""The same in each language."""

SENTENCES: dict[Language, dict[str, str]] = {
    "en": {**en.SENTENCES, **model_card.ENGLISH},
    "es": {**es.SENTENCES, **model_card.SPANISH},
}
SPANISH_SEPARATORS = str.maketrans(",.", ".,")


@dataclass(frozen=True)
class Message:
    """A sentence, or a part of one, by its code, and the values that fill it in; a value may be such a message too.

    Messages are stored: a code keeps its values for ever, and a sentence with others gets another code.
    """

    code: str | None
    """None for what was stored before messages had codes."""
    params: dict[str, Any] = field(default_factory=dict)
    """JSON."""
    english: str = ""
    """The text of a message that was stored or sent, in case this version does not know its code."""

    def text(self, language: Language = "en") -> str:
        """Return the message in that language, or in English if its code is unknown."""
        sentence = SENTENCES[language].get(self.code or "")
        if sentence is None or (language == "en" and self.english):
            return self.english
        return _Filler(language).vformat(sentence, (), self.params)

    def __str__(self) -> str:
        return self.text()

    def stored(self) -> "Message":
        """Return the message with its text in English, for whoever reads it without knowing its code."""
        return replace(self, english=str(self))

    def as_json(self) -> dict[str, Any]:
        """Return code and values: the form in which a message is sent, and in which it is a value of another one."""
        return {"code": self.code, "params": self.params}


class _Filler(Formatter):
    """Fills a sentence in; numbers get the language's separators."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        match value:
            case {"code": code, "params": params}:
                return Message(code, params).text(self._language)
            case [{"code": _}, *_]:
                return "; ".join(self.format_field(item, format_spec) for item in value)
            case list():
                return ", ".join(self.format_field(item, format_spec) for item in value)
            case int() | float() if self._language == "es":
                return format(value, format_spec).translate(SPANISH_SEPARATORS)
        return format(value, format_spec)
