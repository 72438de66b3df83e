"""Serve the forest with BentoML: `bentoml serve bentoml_server:Forest`, beside `forest.onnx`."""

import bentoml
import numpy as np
import onnxruntime


@bentoml.service
class Forest:
    """The forest in onnxruntime, one thread."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession("forest.onnx", options, providers=["CPUExecutionProvider"])

    @bentoml.api
    def predict(self, songs: np.ndarray) -> np.ndarray:
        """Return the probability (n,) of each song (n, 4)."""
        return self.session.run(["probability"], {"features": songs.astype(np.float32)})[0]
