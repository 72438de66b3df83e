"""The evaluation on songs that the model did not know: curves, importances and the effect of a threshold."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from song_preference.evaluation import Bin, Confusion, Curve, Evaluation
from song_preference.serving.versions import DescribedVersion
from streamlit_app import address
from streamlit_app.address import Choice
from streamlit_app.components import section, two_by_two
from streamlit_app.data.models import evaluation as stored_evaluation
from streamlit_app.i18n import Locale
from streamlit_app.model import charts
from streamlit_app.theme import Drawing, draw


@st.fragment
def show(roles: dict[str, DescribedVersion], locale: Locale) -> None:
    """Draw the curves and the effect of a threshold for the role that the listener chooses."""
    st.header(locale("model_curves"), anchor=False)
    role = next(iter(roles))
    if len(roles) > 1:
        choice = Choice("curves", "model_role", list(roles), role)
        address.restore([choice])
        role = choice.segments(
            locale("model_curves_of"), lambda name: f"{locale(f'model_{name}')} ({roles[name].registered.version})"
        )
        address.write()
    with section(locale):
        run_id = roles[role].run_id
        evaluation = stored_evaluation(run_id) if run_id else None
        if evaluation is None:
            st.info(locale("model_curves_missing"), icon=":material/show_chart:")
            return
        _curves(evaluation, locale)
        _threshold(evaluation, run_id, locale)


def _curves(evaluation: Evaluation, locale: Locale) -> None:
    st.write(locale("model_curves_text", songs=len(evaluation.labels)))
    top_left, top_right, left, right = two_by_two()
    curves, chance = evaluation.curves, sum(evaluation.labels) / len(evaluation.labels)
    roc: dict[str, Curve] = {name: found.roc for name, found in curves.items()}
    precision_recall: dict[str, Curve] = {name: found.precision_recall for name, found in curves.items()}
    bins: dict[str, tuple[Bin, ...]] = {name: found.calibration for name, found in curves.items()}
    with top_left:
        text = locale("model_roc_text", **{name: curve.area for name, curve in roc.items()})
        _chart("roc", text, charts.roc, charts.curve_rows(roc), locale)
    with top_right:
        text = locale("model_pr_text", **{name: curve.area for name, curve in precision_recall.items()})
        _chart("pr", text, charts.precision_recall, charts.curve_rows(precision_recall, chance), locale)
    with left:
        text = locale("model_calibration_text")
        _chart("calibration", text, charts.calibration, charts.calibration_rows(bins), locale)
    if evaluation.importances:
        rows = charts.importance_rows(evaluation.importances, locale)
        text = locale("model_importance_text", feature=rows["name"].iloc[0].lower())
        with right:
            _chart("importance", text, charts.importance, rows, locale)


def _chart(name: str, text: str, build: Callable[..., Drawing], rows: pd.DataFrame, locale: Locale) -> None:
    st.subheader(locale(f"model_{name}"), anchor=False)
    draw(build, rows, locale, key=f"model_{name}", alt=text)
    st.caption(text)


@st.fragment
def _threshold(evaluation: Evaluation, run_id: str, locale: Locale) -> None:
    """Draw what the threshold's slider changes; the rest of the page stays as it is."""
    own = evaluation.threshold
    key = f"model_threshold_{run_id}"
    st.header(locale("model_threshold"), anchor=False)
    st.write(locale("model_threshold_text", threshold=_percent(own, locale), songs=len(evaluation.labels)))
    slider, back = st.columns([4, 1], gap="medium", vertical_alignment="bottom")
    back.button(
        locale("model_threshold_back"),
        key="model_threshold_back",
        on_click=lambda: st.session_state.update({key: own}),
        width="stretch",
    )
    choice = Choice(f"threshold_{run_id[:8]}", key, [counted.threshold for counted in evaluation.confusions], own)
    address.restore([choice])
    with slider:
        tried = choice.slider(locale("model_threshold_slider"), choice.options, lambda share: _percent(share, locale))
    address.write()
    rows = charts.histogram_rows(np.array(evaluation.labels), np.array(evaluation.model), tried, own)
    draw(charts.histogram, rows, locale, key="model_histogram", alt=locale("model_histogram"))
    st.caption(locale("model_histogram"))
    at_tried, at_own = (evaluation.confusion(each) for each in (tried, own))
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(locale("model_effect"), anchor=False)
        _effect(at_tried, at_own, locale)
    with right:
        title = locale("model_confusion")
        st.subheader(title, anchor=False)
        rows = charts.confusion_rows(at_tried, locale)
        draw(charts.confusion_matrix, rows, locale, key="model_confusion", alt=title)


def _effect(tried: Confusion, own: Confusion, locale: Locale) -> None:
    """Draw four metrics at the tried threshold, beside those at the model's own if they differ."""
    counts = {
        "precision": (tried.true_positives, tried.recommended),
        "recall": (tried.true_positives, tried.liked),
        "accuracy": (tried.true_positives + tried.true_negatives, tried.songs),
        "f1": None,
    }
    for (name, counted), column in zip(counts.items(), two_by_two(), strict=True):
        at_tried, at_own = (_shown(name, getattr(found, name), locale) for found in (tried, own))
        notes = [locale("model_of", part=counted[0], whole=counted[1])] if counted else []
        if at_tried != at_own:
            notes.append(locale("model_before", value=at_own))
        note = " · ".join(notes) or None
        column.metric(locale(f"model_{name}"), at_tried, note, delta_color="off", delta_arrow="off")


def _shown(name: str, value: float | None, locale: Locale) -> str:
    if value is None:
        return "—"
    return locale.number(value, 2) if name == "f1" else locale.percent(value)


def _percent(share: float, locale: Locale) -> str:
    return locale.percent(share, 0 if round(share, 2) == share else 1)
