"""The languages of the dashboard."""

from typing import Literal

Language = Literal["es", "en"]
LANGUAGES: dict[Language, str] = {"es": "Español", "en": "English"}

Texts = dict[str, dict[Language, str]]
"""By key, then by language; what stands in braces is filled in."""
