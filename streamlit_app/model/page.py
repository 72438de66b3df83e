"""The model: champion and challenger, their metrics and errors, every version, the model card."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import streamlit as st

from song_preference.evaluation import DIFFERENCES, Interval, comparison
from song_preference.mlflow_pages import run_page, version_page
from song_preference.serving.versions import DescribedVersion
from streamlit_app.components import plain, section
from streamlit_app.data import model_settings, settings
from streamlit_app.data.models import versions, why_not
from streamlit_app.data.playlist import list_names
from streamlit_app.i18n import Locale
from streamlit_app.model import charts, choose, evaluation
from streamlit_app.model.charts import CHALLENGER, CHAMPION, ENDS, OTHER, ROLES, interval_text
from streamlit_app.theme import draw

DRAWN_VERSIONS = 30
"""Greatest number of versions in the chart: more do not fit a phone; the table has all of them."""

TABLE_HEIGHT = 320
CARD_LEVELS = 2

METRICS = ("accuracy", "roc_auc", "f1", "pr_auc", *ENDS)

Roles = dict[str, DescribedVersion]


def page(locale: Locale) -> None:
    """Draw the page."""
    st.title(locale("model_title"), anchor=False)
    st.write(locale("model_intro"))
    choose.carry_out(locale)
    with section(locale):
        found = versions()
        roles = in_roles(found, model_settings().alias)
        if not found:
            return
        _roles(roles, locale)
        # Filled last: it asks for a file, and what stands below it is at hand.
        answers = st.container()
        _history(found, roles, locale)
        choose.show(roles.get(CHAMPION), found, locale)
        if CHAMPION in roles:
            _card(roles[CHAMPION], locale)
            with answers:
                evaluation.show(roles, locale)


def _roles(roles: Roles, locale: Locale) -> None:
    if CHAMPION not in roles:
        st.info(locale("model_no_champion"), icon=":material/hourglass_empty:")
        return
    for (role, version), column in zip(roles.items(), st.columns(len(roles), gap="medium"), strict=True):
        with column.container(border=True, height="stretch"):
            _describe(role, version, locale)
    _metrics(roles, locale)


def _describe(role: str, version: DescribedVersion, locale: Locale) -> None:
    registered = version.registered
    icon = ":material/trophy:" if role == CHAMPION else ":material/flag:"
    st.caption(f"{icon} **{locale(f'model_{role}')}** · {locale(f'model_{role}_text')}")
    st.header(locale("model_version", version=registered.version), anchor=False)
    candidate = kind(version, locale)
    st.markdown(f"**{locale(f'model_kind_{candidate}')}.** {locale(f'model_about_{candidate}')}")
    if version.evaluated_on:
        st.caption(locale(f"model_evaluated_on_{version.evaluated_on}"))
    st.caption(
        locale(
            "model_learned",
            moment=registered.created_at,
            source=source(version, locale),
            dataset=plain(choose.list_of(version, list_names(locale))),
        )
    )
    page, name = settings().mlflow_page, model_settings().name
    links = [f"[{locale('model_in_mlflow')}]({version_page(page, name, registered.version)})"]
    if version.run_id:
        links.append(f"[{locale('model_run')}]({run_page(page, version.run_id, version.experiment_id)})")
    st.markdown(" · ".join(links))


def _metrics(roles: Roles, locale: Locale) -> None:
    st.header(locale("model_metrics"), anchor=False)
    measured = {role: version.metrics for role, version in roles.items() if version.metrics}
    if not measured:
        st.info(locale("model_metrics_missing"), icon=":material/straighten:")
        return
    st.write(locale("model_metrics_text"))
    if len({version.registered.dataset_version for version in roles.values()}) > 1:
        st.caption(locale("model_metrics_apart"))
    for role, metrics in measured.items():
        # Versions from before 0.2 have no differences.
        if metrics.keys() >= set(DIFFERENCES):
            st.markdown(f"**{locale(f'model_{role}')}:** {comparison(metrics).text(locale.language)}")
    for name in METRICS:
        if intervals := {role: by_name[name] for role, by_name in measured.items() if name in by_name}:
            _metric(name, intervals, locale)


def _metric(name: str, intervals: dict[str, Interval], locale: Locale) -> None:
    """Draw what a metric says of the first role, and the intervals of all roles on one axis."""
    value = next(iter(intervals.values())).value
    text, chart = st.columns([5, 6], gap="medium", vertical_alignment="center")
    meaning = locale(f"model_meaning_{name}", hundredths=value * 100)
    text.markdown(f"**{locale(f'model_metric_{name}')}**  \n:small[{meaning}]")
    rows, ends = charts.interval_rows(intervals, locale), charts.ends(name, list(intervals.values()))
    with chart:
        draw(charts.intervals, rows, locale, ends, len(rows), key=f"model_metric_{name}", alt="; ".join(rows["shown"]))


def _history(found: list[DescribedVersion], roles: Roles, locale: Locale) -> None:
    rows = version_rows(found, roles, list_names(locale), locale)
    st.header(locale("model_versions"), anchor=False)
    newest = locale("model_versions_newest", shown=DRAWN_VERSIONS) if len(rows) > DRAWN_VERSIONS else ""
    st.write(f"{locale('model_versions_text')} {newest}")
    if (last := found[0]) is not roles.get(CHAMPION) and last.reason:
        reason = plain(why_not(last, locale))
        st.info(locale("model_not_used", version=last.registered.version, reason=reason), icon=":material/flag:")
    oldest_first = rows.dropna(subset="value").head(DRAWN_VERSIONS)[::-1]
    if not oldest_first.empty:
        draw(charts.history, oldest_first, locale, key="model_history", alt=locale("model_versions_alt"))
    columns = {
        "version": locale("version"),
        "role": locale("model_column_role"),
        "moment": locale("model_column_date"),
        "kind": locale("model_column_kind"),
        "dataset": locale("model_column_data"),
        "shown": "ROC AUC",
    }
    names = {OTHER: "", **{role: locale(f"model_{role}") for role in ROLES}}
    table = rows.assign(role=rows["role"].map(names))[list(columns)].rename(columns=columns)
    st.dataframe(table, hide_index=True, height=TABLE_HEIGHT if len(table) > 7 else "content")


def _card(champion: DescribedVersion, locale: Locale) -> None:
    st.header(locale("model_card"), anchor=False)
    card = champion.card.text(locale.language)
    if not card:
        st.caption(locale("model_card_none"))
        return
    st.write(locale("model_card_text", version=champion.registered.version))
    with st.expander(locale("model_card_open"), icon=":material/description:"):
        st.markdown(below_headings(card, CARD_LEVELS))


def in_roles(versions: Iterable[DescribedVersion], champion: str) -> Roles:
    """Return champion and challenger by role, as far as there are any; `champion` is the alias that is served."""
    named = {alias: version for version in versions for alias in version.registered.aliases}
    aliases = {CHAMPION: champion, CHALLENGER: CHALLENGER}
    return {role: named[alias] for role, alias in aliases.items() if alias in named}


def version_rows(
    versions: Sequence[DescribedVersion], roles: Roles, lists: Mapping[str, str], locale: Locale
) -> pd.DataFrame:
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
            "kind": locale(f"model_kind_{kind(version, locale)}"),
            "dataset": dataset(version, lists, locale),
            "shown": interval_text(measured, locale) if measured else "",
        }
        found.append({**row, **(measured._asdict() if measured else {"value": None})})
    return pd.DataFrame(found)


def kind(version: DescribedVersion, locale: Locale) -> str:
    """Return the kind of the model, as the keys of the texts about it name it."""
    candidate = str(version.candidate)
    return candidate if f"model_kind_{candidate}" in locale.texts else "unknown"


def source(version: DescribedVersion, locale: Locale) -> str:
    """Return what the version was trained on."""
    found = version.registered.source_kind
    return locale(f"model_source_{found if found == 'sample' else 'real' if found else 'unknown'}")


def dataset(version: DescribedVersion, lists: Mapping[str, str], locale: Locale) -> str:
    """Return the name of the list that the version learned from, with a note if its songs are made up."""
    name = choose.list_of(version, lists)
    return f"{name} ({locale('model_sample')})" if version.registered.source_kind == "sample" else name


def below_headings(card: str, levels: int) -> str:
    """Return Markdown with its headings `levels` lower; lines inside code blocks stay."""
    lines, is_code = [], False
    for line in card.splitlines():
        is_code ^= line.startswith("```")
        lines.append(f"{'#' * levels}{line}" if line.startswith("#") and not is_code else line)
    return "\n".join(lines)
