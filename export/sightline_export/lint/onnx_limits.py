"""The newest ONNX files that an ONNX Runtime opens. It is asked: every few releases open newer ones."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# what the ONNX Runtime of every container since 24.09 opens, and every release that our backend allows
PORTABLE_IR_VERSION, PORTABLE_OPSET = 10, 21
_TRIED = 100  # so many versions above these are tried; the newest of today are a handful above

# run by another Python, which has ONNX Runtime and nothing of this distribution
_ASK = """
import json, sys
import onnxruntime
onnxruntime.set_default_logger_severity(4)
def opened(files):
    for number, file in enumerate(files):
        try:
            onnxruntime.InferenceSession(bytes.fromhex(file), providers=["CPUExecutionProvider"])
        except Exception:
            return number
    return len(files)
print(json.dumps([onnxruntime.__version__, *map(opened, json.load(sys.stdin))]))
"""


@dataclass(frozen=True)
class OnnxLimits:
    """The newest files that an ONNX Runtime opens. release: its own version.

    >>> OnnxLimits("1.20.1", 10, 21).open(11, 21)
    False
    """

    release: str
    ir_version: int
    opset: int

    def open(self, ir_version: int, opset: int) -> bool:
        return ir_version <= self.ir_version and opset <= self.opset


@cache
def limits_of(python: Path) -> OnnxLimits | None:
    """What the ONNX Runtime of a Python environment opens; None where it has none, or does not answer."""
    files = [
        [_tiny(PORTABLE_IR_VERSION + more, PORTABLE_OPSET).hex() for more in range(1, _TRIED)],
        [_tiny(PORTABLE_IR_VERSION, PORTABLE_OPSET + more).hex() for more in range(1, _TRIED)],
    ]
    asked = [str(python), "-I", "-c", _ASK]
    try:
        done = subprocess.run(asked, input=json.dumps(files), capture_output=True, text=True, timeout=60, check=True)
        release, newer_ir_versions, newer_opsets = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return OnnxLimits(release, PORTABLE_IR_VERSION + newer_ir_versions, PORTABLE_OPSET + newer_opsets)


def _tiny(ir_version: int, opset: int) -> bytes:
    """A graph that every release can run, but for its versions."""
    from onnx import TensorProto, helper

    given, taken = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "tiny", [given], [taken])
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, ir_version=ir_version, opset_imports=opsets).SerializeToString()
