"""From a PyTorch model to a verified entry of a Triton model repository."""

import os

__version__ = "0.1.0"

# ONNX Runtime's Linux packages report their use to Microsoft since 1.29, unless told not to before they are imported.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
