"""Locales: texts, numbers and times in the listener's language. The texts are in `texts.toml`, shared and by page."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from song_preference import messages
from song_preference.messages import Language, Message, Texts, read_texts

__all__ = ["COMMON", "LANGUAGES", "Language", "Locale", "Texts", "texts"]

LANGUAGES: dict[Language, str] = {"es": "Español", "en": "English"}

MONTHS = {
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"),
}


@dataclass(frozen=True)
class Locale(messages.LanguageFormatter):
    """The translations of one page in one language, and how the language writes numbers and times."""

    texts: Texts = field(compare=False, repr=False)

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of `key` with its placeholders filled in."""
        return self.vformat(self.texts[key][self.language], (), values)

    def reason(self, reason: Message) -> str:
        """Return a reason; one that ends with remedies for those who have no buttons has another text here."""
        key = f"newer_{reason.code}"
        return self(key, **reason.params) if key in self.texts else reason.text(self.language)

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return one value as text."""
        return self.moment(value) if isinstance(value, datetime) else super().format_field(value, format_spec)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with the language's separators."""
        return self.format_field(value, f",.{decimals}f")

    def percent(self, share: float, decimals: int = 0) -> str:
        """Return a share of 1 in percent."""
        return self.format_field(share, f".{decimals}%")

    def moment(self, moment: datetime) -> str:
        """Return day and minute in the browser's time zone, in UTC if that is unknown."""
        try:
            moment = moment.astimezone(ZoneInfo(st.context.timezone or "UTC"))
        except (ZoneInfoNotFoundError, ValueError):
            moment = moment.astimezone(UTC)
        return f"{moment.day} {MONTHS[self.language][moment.month - 1]} {moment.year}, {moment:%H:%M}"


FOLDER = Path(__file__).parent
COMMON = read_texts(FOLDER / "texts.toml")
"""The texts that the pages share."""


@cache
def texts(page: str) -> Texts:
    """Return the texts of a page, with those that all pages share."""
    return COMMON | read_texts(FOLDER / page / "texts.toml")
