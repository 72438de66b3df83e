"""Texts in two languages, as `*.toml` files hold them: a table for each, which names both languages."""

import tomllib
from pathlib import Path
from typing import Literal, get_args

FOLDER = Path(__file__).parent
"""The folder of messages, cards, options and tasks."""

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
Text = dict[Language, str]
"""One text in each language."""
Texts = dict[str, Text]
"""Texts by key."""


def read_texts(path: Path) -> Texts:
    """Return the texts of a file."""
    with path.open("rb") as file:
        return tomllib.load(file)
