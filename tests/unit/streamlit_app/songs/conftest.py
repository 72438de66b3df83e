from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from song_preference.prediction import Batch
from song_preference.serving.predictor import Predictor
from tests.support.dashboard import Platform


@pytest.fixture
def asked(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of songs that the model was asked about, call by call."""
    counts: list[int] = []
    pinned = Predictor.pinned

    def counting(self: Predictor) -> Callable[[NDArray[np.float32]], Batch]:
        answering = pinned(self)

        def answer(features: NDArray[np.float32]) -> Batch:
            counts.append(len(features))
            return answering(features)

        return answer

    monkeypatch.setattr(Predictor, "pinned", counting)
    return counts
