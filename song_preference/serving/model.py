"""One loaded model: immutable, checked against the champion contract, safe to share between threads."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from song_preference.errors import ModelRefused
from song_preference.serving.contract import BrokenContract, Contract, check_answers, check_form, open_graph


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A version in the registry and the alias that it was found under."""

    name: str
    version: str
    alias: str
    run_id: str = field(default="", repr=False)
    """The MLflow run that made it: a registry that was set up anew counts its versions from 1 again."""


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A version that answers."""

    ref: ModelRef
    threshold: float
    background: NDArray[np.float32]
    """(m, 4) songs of the training part, at most 100: what an explanation compares a song with."""
    session: onnxruntime.InferenceSession

    @classmethod
    def load(cls, ref: ModelRef, graph: bytes) -> Self:
        """Load the ONNX graph; raises `ModelRefused` where it does not keep the contract."""
        try:
            session = open_graph(graph)
            check_form(session)
            contract = Contract.of(session)
            model = cls(ref, contract.threshold, contract.background, session)
            check_answers(contract, model.run)
        except BrokenContract as reason:
            raise ModelRefused(
                f"{ref.name} version {ref.version} is refused: {reason}. Run the DAG train_song_preference for a new "
                "one, or go back with `make rollback`."
            ) from reason
        return model

    def run(self, features: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Labels (n,) and probabilities (n,) of (n, 4) features."""
        label, probability = self.session.run(["label", "probability"], {"features": features})
        return label, probability
