"""Registered versions as texts and rows in the listener's language."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from song_preference.serving.versions import DescribedVersion, Measured
from streamlit_app.i18n import Locale
from streamlit_app.model.texts import TEXTS

CHAMPION, CHALLENGER, OTHER = "champion", "challenger", "other"
ROLES = (CHAMPION, CHALLENGER)

LESS_IS_BETTER = ("brier", "calibration_error")
METRICS = ("accuracy", "roc_auc", "f1", "pr_auc", *LESS_IS_BETTER)


def in_roles(versions: Iterable[DescribedVersion], champion: str) -> dict[str, DescribedVersion]:
    """Return champion and challenger by role, as far as there are any; `champion` is the alias that is served."""
    named = {alias: version for version in versions for alias in version.registered.aliases}
    aliases = {CHAMPION: champion, CHALLENGER: CHALLENGER}
    return {role: named[alias] for role, alias in aliases.items() if alias in named}


def rows(versions: Sequence[DescribedVersion], roles: Mapping[str, DescribedVersion], locale: Locale) -> pd.DataFrame:
    """Return a row for each version, in their order: its texts, its role, its ROC AUC if it was measured.

    `value`, `low` and `high` are that ROC AUC and its interval, `shown` is their text.
    """
    role_of = {version.registered.version: role for role, version in reversed(list(roles.items()))}
    found = []
    for version in versions:
        measured = version.metrics.get("roc_auc")
        row = {
            "version": version.registered.version,
            "role": role_of.get(version.registered.version, OTHER),
            "moment": locale.moment(version.registered.created_at),
            "kind": kind(version, locale),
            "dataset": dataset(version, locale),
            "shown": interval_text(measured, locale) if measured else "",
        }
        found.append({**row, **(measured._asdict() if measured else {"value": None})})
    return pd.DataFrame(found)


def kind(version: DescribedVersion, locale: Locale) -> str:
    """Return the name of the model's kind."""
    return locale(f"model_kind_{_candidate(version)}")


def about(version: DescribedVersion, locale: Locale) -> str:
    """Return how a model of this kind decides."""
    return locale(f"model_about_{_candidate(version)}")


def _candidate(version: DescribedVersion) -> str:
    name = version.candidate or "unknown"
    return name if f"model_kind_{name}" in TEXTS else "unknown"


def source(version: DescribedVersion, locale: Locale) -> str:
    """Return what the version was trained on."""
    found = version.registered.source_kind
    return locale(f"model_source_{found if found == 'sample' else 'real' if found else 'unknown'}")


def dataset(version: DescribedVersion, locale: Locale) -> str:
    """Return the dataset version, with a note if its songs are made up."""
    name = version.registered.dataset_version or "—"
    return f"{name} ({locale('model_sample')})" if version.registered.source_kind == "sample" else name


def interval_text(measured: Measured, locale: Locale) -> str:
    """Return a value with its interval, such as 0.889 (0.845 to 0.932)."""
    return locale("model_interval", **measured._asdict())


def below_headings(card: str, levels: int) -> str:
    """Return Markdown with its headings `levels` lower; lines inside code blocks stay."""
    lines, is_code = [], False
    for line in card.splitlines():
        is_code ^= line.startswith("```")
        lines.append(f"{'#' * levels}{line}" if line.startswith("#") and not is_code else line)
    return "\n".join(lines)
