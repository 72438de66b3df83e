"""The evaluation on the test songs: curves, importances and the effect of a threshold."""

import numpy as np
import streamlit as st

from song_preference.evaluation import Curve, Evaluation, Importance
from song_preference.serving.versions import DescribedVersion
from streamlit_app.components import section
from streamlit_app.data.model import evaluation as stored_evaluation
from streamlit_app.i18n import Locale
from streamlit_app.model import charts
from streamlit_app.model.threshold import confusion_matrix, confusion_rows, effect, histogram, histogram_rows
from streamlit_app.theme import colours, draw_rows


@st.fragment
def show(roles: dict[str, DescribedVersion], locale: Locale) -> None:
    """Draw the curves and the effect of a threshold for the role that the listener chooses."""
    st.header(locale("model_curves"), anchor=False)
    role = next(iter(roles))
    if len(roles) > 1:
        role = st.segmented_control(
            locale("model_curves_of"),
            list(roles),
            default=role,
            format_func=lambda name: f"{locale(f'model_{name}')} ({roles[name].registered.version})",
            key="model_role",
            required=True,
        )
    with section(locale):
        run_id = roles[role].run_id
        evaluation = stored_evaluation(run_id) if run_id else None
        if evaluation is None:
            st.info(locale("model_curves_missing"), icon=":material/show_chart:")
            return
        _curves(evaluation, locale)
        _threshold(evaluation, run_id, locale)


def _curves(evaluation: Evaluation, locale: Locale) -> None:
    st.write(locale("model_curves_text", songs=locale.number(len(evaluation.labels))))
    curves = evaluation.curves
    (top_left, top_right), (left, right) = st.columns(2, gap="medium"), st.columns(2, gap="medium")
    with top_left:
        _areas("roc", {name: found.roc for name, found in curves.items()}, None, locale)
    with top_right:
        chance = sum(evaluation.labels) / len(evaluation.labels)
        _areas("pr", {name: found.precision_recall for name, found in curves.items()}, chance, locale)
    with left:
        told = locale("model_calibration_text")
        st.subheader(locale("model_calibration"), anchor=False)
        rows = charts.calibration_rows({name: found.calibration for name, found in curves.items()})
        draw_rows(rows, charts.calibration(colours(), locale), key="model_calibration", alt=told)
        st.caption(told)
    with right:
        _importance(evaluation.importances, locale)


def _areas(name: str, curves: dict[str, Curve], chance: float | None, locale: Locale) -> None:
    areas = {whose: locale.number(curve.area, 3) for whose, curve in curves.items()}
    told = locale(f"model_{name}_text", **areas)
    drawing = {"roc": charts.roc, "pr": charts.precision_recall}[name](colours(), locale)
    st.subheader(locale(f"model_{name}"), anchor=False)
    draw_rows(charts.curve_rows(curves, chance), drawing, key=f"model_{name}", alt=told)
    st.caption(told)


def _importance(importances: tuple[Importance, ...], locale: Locale) -> None:
    if not importances:
        return
    first = max(importances, key=lambda found: found.mean)
    told = locale("model_importance_text", feature=locale(first.feature).lower())
    st.subheader(locale("model_importance"), anchor=False)
    rows = charts.importance_rows(importances, locale)
    draw_rows(rows, charts.importance(colours(), locale), key="model_importance", alt=told)
    st.caption(told)


@st.fragment
def _threshold(evaluation: Evaluation, run_id: str, locale: Locale) -> None:
    """Draw what the threshold's slider changes; the rest of the page stays as it is."""
    own = evaluation.threshold
    key = f"model_threshold_{run_id}"
    st.header(locale("model_threshold"), anchor=False)
    told = {"threshold": _percent(own, locale), "songs": locale.number(len(evaluation.labels))}
    st.write(locale("model_threshold_text", **told))
    slider, back = st.columns([4, 1], gap="medium", vertical_alignment="bottom")
    back.button(
        locale("model_threshold_back"),
        key="model_threshold_back",
        on_click=lambda: st.session_state.update({key: own}),
        width="stretch",
    )
    st.session_state.setdefault(key, own)
    tried = slider.select_slider(
        locale("model_threshold_slider"),
        [counted.threshold for counted in evaluation.confusions],
        key=key,
        format_func=lambda value: _percent(value, locale),
    )
    rows = histogram_rows(np.array(evaluation.labels), np.array(evaluation.model), tried, own)
    draw_rows(rows, histogram(colours(), locale), key="model_histogram", alt=locale("model_histogram"))
    st.caption(locale("model_histogram"))
    at_tried, at_own = (evaluation.confusion(each) for each in (tried, own))
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(locale("model_effect"), anchor=False)
        effect(at_tried, at_own, locale)
    with right:
        st.subheader(locale("model_confusion"), anchor=False)
        title = locale("model_confusion")
        drawing = confusion_matrix(colours(), locale)
        draw_rows(confusion_rows(at_tried, locale), drawing, key="model_confusion", alt=title)


def _percent(share: float, locale: Locale) -> str:
    return locale.percent(share, 0 if round(share, 2) == share else 1)
