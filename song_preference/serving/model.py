"""One loaded model: immutable, checked against the champion contract, safe to share between threads."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from song_preference.errors import ModelRefused
from song_preference.prediction import ModelRef
from song_preference.serving.contract import BrokenContract, Contract, check_answers, check_form, open_graph


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A version that can predict."""

    ref: ModelRef
    threshold: float
    background: NDArray[np.float32]
    """At most 100 songs of the training table that explanations compare a song with, shape (m, 4)."""
    session: onnxruntime.InferenceSession

    @classmethod
    def load(cls, ref: ModelRef, graph: bytes) -> Self:
        """Load an ONNX graph; raise `ModelRefused` if it breaks the contract."""
        try:
            session = open_graph(graph)
            check_form(session)
            contract = Contract.of(session)
            model = cls(ref, contract.threshold, contract.background, session)
            check_answers(contract, model.run)
        except BrokenContract as reason:
            raise ModelRefused(
                f"{ref.name} version {ref.version} is rejected: {reason}. Run the DAG train_song_preference for a new "
                "one, or roll back with `make rollback`."
            ) from reason
        return model

    def run(self, features: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return labels (n,) and probabilities (n,) of features (n, 4)."""
        label, probability = self.session.run(["label", "probability"], {"features": features})
        return label, probability
