"""A graph of the champion contract, asked about many songs."""

from typing import NamedTuple

import numpy as np
import onnxruntime

from song_preference.training.data import Features, Labels, Probabilities

BATCH = 1_000
"""Songs asked at once: k-NN computes a matrix of this many songs by all songs that it learned from."""


class Answers(NamedTuple):
    """What a graph says of n songs: `label` (n,) and `probability` (n,) of "like"."""

    label: Labels
    probability: Probabilities


def ask(session: onnxruntime.InferenceSession, features: Features) -> Answers:
    """The answers for (n, 4) features."""
    batches = [
        session.run(["label", "probability"], {"features": features[at : at + BATCH]})
        for at in range(0, len(features), BATCH)
    ]
    label, probability = (np.concatenate(answers) for answers in zip(*batches, strict=True))
    return Answers(label, probability.astype(np.float64))
