"""The evaluation on the test songs: curves, importances and the effect of a threshold."""

import numpy as np
import streamlit as st

from song_preference.evaluation import Curve, Evaluation, Importance
from song_preference.serving.versions import DescribedVersion
from streamlit_app.components import section
from streamlit_app.data.model import evaluation as stored_evaluation
from streamlit_app.i18n import Words
from streamlit_app.model import charts
from streamlit_app.model.threshold import confusion_matrix, confusion_rows, effect, histogram, histogram_rows
from streamlit_app.theme import colours, draw_rows


@st.fragment
def show(roles: dict[str, DescribedVersion], words: Words) -> None:
    """Draw the curves and the effect of a threshold for the role that the listener chooses."""
    st.header(words("model_curves"), anchor=False)
    role = next(iter(roles))
    if len(roles) > 1:
        role = st.segmented_control(
            words("model_curves_of"),
            list(roles),
            default=role,
            format_func=lambda name: f"{words(f'model_{name}')} ({roles[name].registered.version})",
            key="model_role",
            required=True,
        )
    with section(words):
        run_id = roles[role].run_id
        evaluation = stored_evaluation(run_id) if run_id else None
        if evaluation is None:
            st.info(words("model_curves_missing"), icon=":material/show_chart:")
            return
        _curves(evaluation, words)
        _threshold(evaluation, run_id, words)


def _curves(evaluation: Evaluation, words: Words) -> None:
    st.write(words("model_curves_text", songs=words.number(len(evaluation.labels))))
    curves = evaluation.curves
    (top_left, top_right), (left, right) = st.columns(2, gap="medium"), st.columns(2, gap="medium")
    with top_left:
        _areas("roc", {name: found.roc for name, found in curves.items()}, None, words)
    with top_right:
        chance = sum(evaluation.labels) / len(evaluation.labels)
        _areas("pr", {name: found.precision_recall for name, found in curves.items()}, chance, words)
    with left:
        told = words("model_calibration_text")
        st.subheader(words("model_calibration"), anchor=False)
        rows = charts.calibration_rows({name: found.calibration for name, found in curves.items()})
        draw_rows(rows, charts.calibration(colours(), words), key="model_calibration", alt=told)
        st.caption(told)
    with right:
        _importance(evaluation.importances, words)


def _areas(name: str, curves: dict[str, Curve], chance: float | None, words: Words) -> None:
    areas = {whose: words.number(curve.area, 3) for whose, curve in curves.items()}
    told = words(f"model_{name}_text", **areas)
    drawing = {"roc": charts.roc, "pr": charts.precision_recall}[name](colours(), words)
    st.subheader(words(f"model_{name}"), anchor=False)
    draw_rows(charts.curve_rows(curves, chance), drawing, key=f"model_{name}", alt=told)
    st.caption(told)


def _importance(importances: tuple[Importance, ...], words: Words) -> None:
    if not importances:
        return
    first = max(importances, key=lambda found: found.mean)
    told = words("model_importance_text", feature=words(first.feature).lower())
    st.subheader(words("model_importance"), anchor=False)
    rows = charts.importance_rows(importances, words)
    draw_rows(rows, charts.importance(colours(), words), key="model_importance", alt=told)
    st.caption(told)


@st.fragment
def _threshold(evaluation: Evaluation, run_id: str, words: Words) -> None:
    """Draw what the threshold's slider changes; the rest of the page stays as it is."""
    own = evaluation.threshold
    key = f"model_threshold_{run_id}"
    st.header(words("model_threshold"), anchor=False)
    told = {"threshold": _percent(own, words), "songs": words.number(len(evaluation.labels))}
    st.write(words("model_threshold_text", **told))
    slider, back = st.columns([4, 1], gap="medium", vertical_alignment="bottom")
    back.button(
        words("model_threshold_back"),
        key="model_threshold_back",
        on_click=lambda: st.session_state.update({key: own}),
        width="stretch",
    )
    st.session_state.setdefault(key, own)
    tried = slider.select_slider(
        words("model_threshold_slider"),
        [counted.threshold for counted in evaluation.confusions],
        key=key,
        format_func=lambda value: _percent(value, words),
    )
    rows = histogram_rows(np.array(evaluation.labels), np.array(evaluation.model), tried, own)
    draw_rows(rows, histogram(colours(), words), key="model_histogram", alt=words("model_histogram"))
    st.caption(words("model_histogram"))
    at_tried, at_own = (evaluation.confusion(each) for each in (tried, own))
    left, right = st.columns(2, gap="medium")
    with left:
        st.subheader(words("model_effect"), anchor=False)
        effect(at_tried, at_own, words)
    with right:
        st.subheader(words("model_confusion"), anchor=False)
        title = words("model_confusion")
        drawing = confusion_matrix(colours(), words)
        draw_rows(confusion_rows(at_tried, words), drawing, key="model_confusion", alt=title)


def _percent(share: float, words: Words) -> str:
    return words.percent(share, 0 if round(share, 2) == share else 1)
