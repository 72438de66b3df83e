"""What the platform says of a playlist in English, in the listener's language as far as it is known there."""

import re
from string import Formatter

from streamlit_app.findings_texts import TEXTS
from streamlit_app.i18n import Words


def translated(words: Words, said: str) -> str:
    """What the check said in English; unchanged where no translation is known."""
    for english, pattern in _PATTERNS.items():
        if told := pattern.fullmatch(said):
            return words(english, **told.groupdict())
    return said


def _pattern(template: str) -> re.Pattern[str]:
    pieces = Formatter().parse(template)
    return re.compile("".join(re.escape(text) + (f"(?P<{name}>.+)" if name else "") for text, name, *_ in pieces))


_PATTERNS = {english: _pattern(english) for english in TEXTS}
