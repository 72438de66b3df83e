"""Registered versions in the listener's words."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from song_preference.serving.versions import DescribedVersion, Measured
from streamlit_app.i18n import Locale
from streamlit_app.model.texts import TEXTS

CHAMPION, CHALLENGER, OTHER = "champion", "challenger", "other"
ROLES = (CHAMPION, CHALLENGER)

LARGE_ERROR = 0.25
"""The end of the axis of an error: the Brier score of a constant probability of one half."""

LESS_IS_BETTER = ("brier", "calibration_error")
Ends = tuple[float, float]
METRICS = ("accuracy", "roc_auc", "f1", "pr_auc", *LESS_IS_BETTER)


class Row(NamedTuple):
    """One version, as chart and table show it."""

    version: str
    moment: str
    kind: str
    dataset: str
    shown: str
    """ROC AUC with its interval; empty if it was not measured."""
    role: str
    """One of `ROLES`, or `OTHER`."""
    roc_auc: Measured | None


def in_roles(versions: Iterable[DescribedVersion], champion: str) -> dict[str, DescribedVersion]:
    """Return champion and challenger by role, as far as there are any; `champion` is the alias that is served."""
    named = {alias: version for version in versions for alias in version.registered.aliases}
    aliases = {CHAMPION: champion, CHALLENGER: CHALLENGER}
    return {role: named[alias] for role, alias in aliases.items() if alias in named}


def rows(versions: Sequence[DescribedVersion], roles: dict[str, DescribedVersion], locale: Locale) -> list[Row]:
    """Return a row for each version, in their order."""
    named = {version.registered.version: role for role, version in reversed(roles.items())}
    return [
        Row(
            version=version.registered.version,
            moment=locale.moment(version.registered.created_at),
            kind=kind(version, locale),
            dataset=dataset(version, locale),
            shown=interval(version.metrics.get("roc_auc"), locale),
            role=named.get(version.registered.version, OTHER),
            roc_auc=version.metrics.get("roc_auc"),
        )
        for version in versions
    ]


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
    """Return what the version was trained on, in words."""
    found = version.registered.source_kind
    return locale(f"model_source_{found if found == 'sample' else 'real' if found else 'unknown'}")


def dataset(version: DescribedVersion, locale: Locale) -> str:
    """Return the dataset version, with a note if its songs are made up."""
    name = version.registered.dataset_version or "—"
    return f"{name} ({locale('model_sample')})" if version.registered.source_kind == "sample" else name


def interval(measured: Measured | None, locale: Locale) -> str:
    """Return a value with its interval, such as 0.889 (0.845 to 0.932); empty if there is none."""
    if measured is None:
        return ""
    value, low, high = (locale.number(number, 3) for number in measured)
    return locale("model_interval", value=value, low=low, high=high)


def below_headings(card: str, levels: int) -> str:
    """Return Markdown with its headings `levels` lower; lines inside code blocks stay."""
    lines, is_code = [], False
    for line in card.splitlines():
        is_code ^= line.startswith("```")
        lines.append(f"{'#' * levels}{line}" if line.startswith("#") and not is_code else line)
    return "\n".join(lines)


def ends(name: str, shown: list[Measured]) -> Ends:
    """Return the ends of the shortest axis with round ends that holds all of `shown`."""
    if name in LESS_IS_BETTER:
        return 0.0, LARGE_ERROR if max(item.high for item in shown) <= LARGE_ERROR else 1.0
    return 0.5 if min(item.low for item in shown) >= 0.5 else 0.0, 1.0
