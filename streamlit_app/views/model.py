"""The model: champion and challenger, how good they are and where they fail, every version, the card."""

import pandas as pd
import streamlit as st

from song_preference.mlflow_pages import run_page, version_page
from song_preference.serving.registry import DescribedVersion
from streamlit_app import sources
from streamlit_app.charts import model_markup as markup
from streamlit_app.charts.model_versions import history, history_rows
from streamlit_app.clock import local
from streamlit_app.look import colours, draw_rows
from streamlit_app.model import judged, versions
from streamlit_app.model.versions import CHAMPION, OTHER, ROLES
from streamlit_app.parts import part
from streamlit_app.words import Words

DRAWN_VERSIONS = 30
"""More do not fit a phone; the table has all of them."""

TABLE_HEIGHT = 320
CARD_LEVELS = 2

Roles = dict[str, DescribedVersion]


def page(words: Words) -> None:
    """Draw the page."""
    st.title(words("model_title"))
    st.html(markup.STYLE)
    st.write(words("model_intro"))
    with part(words):
        found = sources.described_versions()
        roles = versions.in_roles(found, sources.model_settings().alias)
        if not found:
            return
        _roles(roles, words)
        # Filled last: it asks for a file, and what stands below it is at hand.
        answers = st.container()
        _history(found, roles, words)
        if CHAMPION in roles:
            _card(roles[CHAMPION], words)
            with answers:
                judged.show(roles, words)


def _roles(roles: Roles, words: Words) -> None:
    if CHAMPION not in roles:
        st.info(words("model_no_champion"), icon=":material/hourglass_empty:")
        return
    for (role, version), column in zip(roles.items(), st.columns(len(roles), gap="medium"), strict=True):
        with column.container(border=True, height="stretch"):
            _describe(role, version, words)
    _metrics(roles, words)


def _describe(role: str, version: DescribedVersion, words: Words) -> None:
    registered = version.registered
    icon = ":material/trophy:" if role == CHAMPION else ":material/flag:"
    st.caption(f"{icon} **{words(f'model_{role}')}** · {words(f'model_{role}_text')}")
    st.header(words("model_version", version=registered.version))
    st.markdown(f"**{versions.kind(version, words)}.** {versions.about(version, words)}")
    st.caption(
        words(
            "model_learned",
            moment=words.moment(local(registered.created_at)),
            source=versions.source(version, words),
            dataset=registered.dataset_version or "—",
        )
    )
    page, name = sources.settings().mlflow_page, sources.model_settings().name
    links = [f"[{words('model_in_mlflow')}]({version_page(page, name, registered.version)})"]
    if version.run_id:
        links.append(f"[{words('model_run')}]({run_page(page, version.run_id, version.experiment_id)})")
    st.markdown(" · ".join(links))


def _metrics(roles: Roles, words: Words) -> None:
    st.header(words("model_metrics"))
    measured = {role: version.metrics for role, version in roles.items() if version.metrics}
    if not measured:
        st.info(words("model_metrics_missing"), icon=":material/straighten:")
        return
    st.write(words("model_metrics_text"))
    if len({version.registered.dataset_version for version in roles.values()}) > 1:
        st.caption(words("model_metrics_apart"))
    names = {role: f"{words(f'model_{role}')} ({roles[role].registered.version})" for role in measured}
    st.html(markup.role_legend(names, colours()) + markup.metrics(measured, colours(), words))


def _history(found: list[DescribedVersion], roles: Roles, words: Words) -> None:
    rows = versions.rows(found, roles, words)
    st.header(words("model_versions"))
    drawn = history_rows(rows, DRAWN_VERSIONS)
    newest = words("model_versions_newest", shown=DRAWN_VERSIONS) if len(rows) > DRAWN_VERSIONS else ""
    st.write(f"{words('model_versions_text')} {newest}")
    names = {role: words(f"model_{role}") for role in (*ROLES, OTHER)}
    if not drawn.empty:
        st.html(markup.role_legend(names, colours()))
        draw_rows(drawn, history(colours(), words), key="model_history", alt=words("model_versions_alt"))
    _table(rows, names, words)


def _table(rows: list[versions.Row], names: dict[str, str], words: Words) -> None:
    columns = {
        "version": words("version"),
        "role": words("model_column_role"),
        "moment": words("model_column_date"),
        "kind": words("model_column_kind"),
        "dataset": words("model_column_data"),
        "shown": "ROC AUC",
    }
    table = pd.DataFrame(rows)[list(columns)]
    table["role"] = [names[role] if role != OTHER else "" for role in table["role"]]
    st.dataframe(table.rename(columns=columns), hide_index=True, height=TABLE_HEIGHT if len(table) > 7 else "content")


def _card(champion: DescribedVersion, words: Words) -> None:
    st.header(words("model_card"))
    card = champion.card.text(words.language)
    if not card:
        st.caption(words("model_card_none"))
        return
    st.write(words("model_card_text", version=champion.registered.version))
    with st.expander(words("model_card_open"), icon=":material/description:"):
        st.markdown(versions.below_headings(card, CARD_LEVELS))
