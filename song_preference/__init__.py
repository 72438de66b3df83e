"""The domain, once: what a song is, how a playlist becomes a dataset, a model and an answer."""

import os

# ONNX Runtime reports each model that it opens to its makers, unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
