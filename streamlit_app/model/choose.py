"""Choose the champion: back to the one before, or any other version, after a confirmation that says what changes."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd
import streamlit as st

from song_preference.serving.versions import DescribedVersion
from streamlit_app import address
from streamlit_app.components import plain, reporting
from streamlit_app.data import settings
from streamlit_app.data.models import choose, registry
from streamlit_app.data.playlist import list_names
from streamlit_app.i18n import Locale
from streamlit_app.model.charts import interval_text

CHOSEN, CONFIRMED = "model_version", "model_confirmed"
"""Keys of the session state: the version that is chosen; the champion and the version to replace it, once confirmed."""

COMPARED = ("accuracy", "roc_auc", "brier", "log_loss")


def show(champion: DescribedVersion | None, found: Sequence[DescribedVersion], locale: Locale) -> None:
    """Draw the ways to another champion, or to the first, if this platform manages datasets."""
    others = {other.registered.version: other for other in found if other is not champion}
    if not settings().manages_datasets or not others:
        return
    st.write(locale("model_choose_text" if champion else "model_choose_first"))
    back, other = st.columns(2, gap="medium", vertical_alignment="bottom")
    if champion and (previous := champion.replaced) in others:
        label = locale("model_back", version=previous)
        if back.button(label, key="model_back", icon=":material/undo:"):
            _confirm(champion, others[previous], locale)
    lists = list_names(locale)
    if st.session_state.get(CHOSEN) not in others:  # it became the champion meanwhile
        st.session_state.pop(CHOSEN, None)
    address.restore([address.Choice("version", CHOSEN, list(others), None)])
    with other.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            locale("model_choose"),
            list(others),
            format_func=lambda number: f"{number} · {list_of(others[number], lists)}",
            key=CHOSEN,
            placeholder=locale("model_choose_none"),
            on_change=address.push,
        )
        asked = st.button(locale("model_use"), key="model_use", disabled=chosen is None)
    if asked and chosen:
        _confirm(champion, others[chosen], locale)


def list_of(version: DescribedVersion, lists: Mapping[str, str]) -> str:
    """Return the name of the list that a version learned from, or the dataset version if it has none in `lists`."""
    trained_on = version.registered.dataset_version or "—"
    return lists.get(trained_on, trained_on)


def _confirm(champion: DescribedVersion | None, other: DescribedVersion, locale: Locale) -> None:
    title = locale("model_confirm_title" if champion else "model_confirm_first_title", **_numbers(champion, other))
    st.dialog(title, width="medium")(_ask)(champion, other, locale)


def _numbers(champion: DescribedVersion | None, other: DescribedVersion) -> dict[str, str | None]:
    return {"now": champion.registered.version if champion else None, "then": other.registered.version}


def _ask(champion: DescribedVersion | None, other: DescribedVersion, locale: Locale) -> None:
    lists, versions = list_names(locale), _numbers(champion, other)
    names = {"then_list": plain(list_of(other, lists))}
    key = "model_confirm_first"
    if champion:
        names["now_list"] = plain(list_of(champion, lists))
        is_same = champion.registered.dataset_version == other.registered.dataset_version
        key = "model_confirm_same_list" if is_same else "model_confirm_other_list"
    st.write(locale(key, **names, **versions))
    st.table(comparison([champion, other] if champion else [other], locale))
    st.caption(locale("model_confirm_metrics"))
    with st.container(horizontal=True):
        label = locale("model_confirm_yes", **versions)
        args = (versions["now"], versions["then"])
        is_confirmed = st.button(label, key="model_confirm", type="primary", on_click=_take, args=args)
        if is_confirmed or st.button(locale("model_confirm_no"), key="model_cancel"):
            st.rerun()


def _take(now: str | None, then: str) -> None:
    st.session_state[CONFIRMED] = (now, then)
    st.session_state[CHOSEN] = None


def carry_out(locale: Locale) -> None:
    """Make the version champion that was confirmed, if one was, unless another one has become champion meanwhile."""
    if confirmed := st.session_state.pop(CONFIRMED, None):
        now, then = confirmed
        with reporting(locale):
            champion = registry().champion()
            if (champion and champion.version) == now:
                choose(then)
                st.rerun()  # the banners, which stand above, are about the one before
            else:
                st.warning(locale("model_changed"), icon=":material/sync_problem:")


def comparison(versions: Iterable[DescribedVersion], locale: Locale) -> pd.DataFrame:
    """Return the metrics of versions side by side, with their intervals."""
    columns = {
        locale("model_version", version=version.registered.version): [
            interval_text(version.metrics[name], locale) if name in version.metrics else "—" for name in COMPARED
        ]
        for version in versions
    }
    return pd.DataFrame(columns, index=[locale(f"model_metric_{name}") for name in COMPARED])
