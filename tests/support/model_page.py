"""The page "model": what a training kept, and what is drawn of it."""

import numpy as np
from streamlit.testing.v1 import AppTest

from song_preference.evaluation import Answers, Evaluation, Importance, read_evaluation
from song_preference.features import FEATURES

CURVES, THRESHOLD, MEASURED, HISTORY = 4, 2, 8, 1
"""The charts of each section."""


def evaluated(seed: int, threshold: float) -> Evaluation:
    """Return an evaluation on 60 songs, as version 0.1 stored it."""
    random = np.random.default_rng(seed)
    probability = random.random(60)
    labels = (random.random(60) < probability).astype(int)
    answers = Answers.model_validate(
        {
            "labels": tuple(labels.tolist()),
            "model": tuple(probability.tolist()),
            "baseline": tuple(random.random(60).tolist()),
            "threshold": threshold,
            "importances": tuple(
                Importance(feature=feature, mean=0.1 * at, std=0.01) for at, feature in enumerate(FEATURES)
            ),
        }
    )
    return read_evaluation(answers.model_dump_json().encode())


EVALUATION = evaluated(1, 0.375)


def headings(page: AppTest) -> list[str]:
    return [heading.value for heading in (*page.header, *page.subheader)]


def charts(page: AppTest) -> int:
    return len(page.get("vega_lite_chart"))
