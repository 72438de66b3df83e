"""Serve the forest with LitServe: `python litserve_server.py PORT`, beside `forest.onnx`."""

import sys
from typing import Any

import litserve as ls
import numpy as np
import onnxruntime

FEATURES = ("speechiness", "energy", "danceability", "acousticness")


class Forest(ls.LitAPI):
    """The forest in onnxruntime, one thread."""

    def setup(self, device: str) -> None:  # noqa: ARG002 - there is only the CPU
        """Load the forest."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession("forest.onnx", options, providers=["CPUExecutionProvider"])

    def decode_request(self, request: dict[str, float]) -> list[float]:
        """Return a song's features in the forest's order."""
        return [request[name] for name in FEATURES]

    def predict(self, x: list[float]) -> Any:
        """Return label (1,) and probability (1,)."""
        return self.session.run(["label", "probability"], {"features": np.array([x], dtype=np.float32)})

    def encode_response(self, output: Any) -> dict[str, float]:
        """Return the answer as JSON has it."""
        label, probability = output
        return {"label": int(label[0]), "probability": float(probability[0])}


if __name__ == "__main__":
    ls.LitServer(Forest(), accelerator="cpu").run(port=int(sys.argv[1]), generate_client_file=False)
