"""What the answers on the test songs show: the part of the page "model" that needs an evaluation."""

from typing import NamedTuple, Self

import numpy as np
import streamlit as st

from song_preference.evaluation import Evaluation, Importance
from song_preference.serving.registry import DescribedVersion
from streamlit_app.components import section
from streamlit_app.data import KEPT_ANSWERS
from streamlit_app.data.model import evaluation as stored_evaluation
from streamlit_app.i18n import Words
from streamlit_app.model import charts, judgement
from streamlit_app.model.charts import BASELINE, MODEL
from streamlit_app.model.threshold import confusion_matrix, confusion_rows, effect, histogram, histogram_rows
from streamlit_app.theme import colours, draw_rows

STEPS = [step / 100 for step in range(101)]
"""What the threshold can be set to, beside the model's own."""


class Judged(NamedTuple):
    """An evaluation, ready to be drawn."""

    labels: judgement.Labels
    probability: dict[str, judgement.Probabilities]
    """Of the model and of the baseline, each (n,)."""
    roc: dict[str, judgement.Curve]
    precision_recall: dict[str, judgement.Curve]
    calibration: dict[str, list[judgement.Bin]]
    importances: tuple[Importance, ...]
    threshold: float

    @classmethod
    def of(cls, evaluation: Evaluation) -> Self:
        """Compute whatever is the same for every threshold."""
        labels = np.array(evaluation.labels, dtype=np.int64)
        probability = {MODEL: np.array(evaluation.model), BASELINE: np.array(evaluation.baseline)}
        return cls(
            labels,
            probability,
            {name: judgement.roc(labels, given) for name, given in probability.items()},
            {name: judgement.precision_recall(labels, given) for name, given in probability.items()},
            {name: judgement.calibration(labels, given) for name, given in probability.items()},
            evaluation.importances,
            evaluation.threshold,
        )


@st.cache_resource(max_entries=KEPT_ANSWERS, show_spinner=False)
def _judged(run_id: str) -> Judged | None:
    evaluation = stored_evaluation(run_id)
    return Judged.of(evaluation) if evaluation else None


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
        judged = _judged(run_id) if run_id else None
        if judged is None:
            st.info(words("model_curves_missing"), icon=":material/show_chart:")
            return
        _curves(judged, words)
        _threshold(judged, run_id, words)


def _curves(judged: Judged, words: Words) -> None:
    st.write(words("model_curves_text", songs=words.number(len(judged.labels))))
    (top_left, top_right), (left, right) = st.columns(2, gap="medium"), st.columns(2, gap="medium")
    with top_left:
        _areas("roc", judged.roc, None, words)
    with top_right:
        _areas("pr", judged.precision_recall, float(judged.labels.mean()), words)
    with left:
        told = words("model_calibration_text")
        st.subheader(words("model_calibration"), anchor=False)
        rows = charts.calibration_rows(judged.calibration)
        draw_rows(rows, charts.calibration(colours(), words), key="model_calibration", alt=told)
        st.caption(told)
    with right:
        _importance(judged.importances, words)


def _areas(name: str, curves: dict[str, judgement.Curve], chance: float | None, words: Words) -> None:
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
def _threshold(judged: Judged, run_id: str, words: Words) -> None:
    """Draw what the threshold's slider changes; the rest of the page stays as it is."""
    own, labels, probability = judged.threshold, judged.labels, judged.probability[MODEL]
    key = f"model_threshold_{run_id}"
    st.header(words("model_threshold"), anchor=False)
    told = {"threshold": _percent(own, words), "songs": words.number(len(labels))}
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
        sorted({*STEPS, own}),
        key=key,
        format_func=lambda value: _percent(value, words),
    )
    rows = histogram_rows(labels, probability, tried, own)
    draw_rows(rows, histogram(colours(), words), key="model_histogram", alt=words("model_histogram"))
    st.caption(words("model_histogram"))
    at_tried, at_own = (judgement.confusion(labels, probability, each) for each in (tried, own))
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
