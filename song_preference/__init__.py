"""The domain: songs, datasets, training and predictions, without any web framework."""

import os

# ONNX Runtime reports each model that it opens to its makers, unless this is set before it is imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
