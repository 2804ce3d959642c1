"""What the ONNX Runtime that serves opens, asked of it: verdicts about its limits outlive its next release."""

from sightline_export.lint import this_machine
from sightline_export.lint.onnx_limits import OnnxLimits

NEVER = 99  # an IR version and an opset that no release will open for many years


def served() -> OnnxLimits:
    limits = this_machine().onnx_limits()
    assert limits is not None, "expected an ONNX Runtime in the runtime environment: run `sightline install-runtime`"
    return limits
