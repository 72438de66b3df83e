"""What the check of a playlist found, in the listener's language as far as it is known there."""

import re
from collections.abc import Sequence
from string import Formatter

import pandas as pd
import streamlit as st

from song_preference.errors import Finding
from streamlit_app.texts.findings import TEXTS
from streamlit_app.words import Words


def findings_table(words: Words, findings: Sequence[Finding]) -> None:
    """Say that a playlist cannot be used, and list why."""
    st.error(words("pipeline_file_is_bad"), icon=":material/error:")
    st.table(pd.DataFrame([row(words, finding) for finding in findings]).set_index(words("finding_column")))


def row(words: Words, finding: Finding) -> dict[str, str]:
    """One finding, by the heads of its columns."""
    named = ", ".join(map(words.number, finding.rows)) + (" …" if finding.count > len(finding.rows) else "")
    return {
        words("finding_column"): finding.column or words("finding_file"),
        words("finding_rule"): translated(words, finding.rule),
        words("finding_count"): words.number(finding.count) if finding.rows else "",
        words("finding_rows"): named if finding.rows else "",
    }


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
