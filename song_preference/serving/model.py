"""One loaded model: immutable, checked against the champion contract, safe to share between threads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from song_preference.errors import ModelRefused
from song_preference.features import FEATURES

THRESHOLD_PROPERTY = "decision_threshold"
"""Key of the graph's metadata that repeats the threshold applied inside it."""

INPUT_EXAMPLE_PROPERTY = "input_example"
"""Key of a song by feature, as JSON."""

EXPECTED_OUTPUT_PROPERTY = "expected_output"
"""Key of the `label` and `probability` that the graph answered for that song when it was made, as JSON."""

BACKGROUND_PROPERTY = "background"
"""Key of at most 100 songs of the training part, rows in the order of `FEATURES`, as JSON: what an explanation
compares a song with."""


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A version in the registry and the alias that it was found under."""

    name: str
    version: str
    alias: str


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A version that answers."""

    ref: ModelRef
    threshold: float
    session: onnxruntime.InferenceSession

    @classmethod
    def load(cls, ref: ModelRef, graph: Path | bytes) -> Self:
        """Load the ONNX graph; raises `ModelRefused` where it does not keep the contract."""
        options = onnxruntime.SessionOptions()
        # One song costs microseconds: a thread pool would cost more than it brings.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        source = graph if isinstance(graph, bytes) else str(graph)
        try:
            session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
            threshold = float(session.get_modelmeta().custom_metadata_map[THRESHOLD_PROPERTY])
            model = cls(ref, threshold, session)
            model.run(np.zeros((1, len(FEATURES)), dtype=np.float32))
        except Exception as error:  # onnxruntime raises a dozen unrelated classes
            raise ModelRefused(
                f"{ref.name} version {ref.version} is not a model this service can use "
                f"({type(error).__name__}): run the DAG train_song_preference for a new one."
            ) from error
        return model

    def run(self, features: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Labels (n,) and probabilities (n,) of (n, 4) features."""
        label, probability = self.session.run(["label", "probability"], {"features": features})
        return label, probability
