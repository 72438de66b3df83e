"""What the check of a playlist found, as a table."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from song_preference.errors import Finding
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
        words("finding_rule"): finding.rule.text(words.language),
        words("finding_count"): words.number(finding.count) if finding.rows else "",
        words("finding_rows"): named if finding.rows else "",
    }
