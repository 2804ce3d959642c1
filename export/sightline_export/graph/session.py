"""One ONNX Runtime session for a graph in memory whose weights may lie in files beside it."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

FATAL = 4  # of ONNX Runtime's levels of logging: what it warns of is judged by the answers


def open_session(model: onnx.ModelProto, folder: Path, optimised: bool = True) -> Any:
    """A session on the CPU.

    folder: where the graph's external data lies.
    optimised: without, the nodes keep their names, which is what an error message should say.
    Raises whatever ONNX Runtime raises.
    """
    options = cast(Any, onnxruntime.SessionOptions())
    if not optimised:
        options.graph_optimization_level = cast(Any, onnxruntime).GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = FATAL
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", str(folder.resolve()))
    # its fallback would try the same provider again, and say so on standard output
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"], enable_fallback=0
    )


def run(session: Any, *arrays: NDArray[Any]) -> list[NDArray[Any]]:
    """All outputs of one run, the inputs given in the graph's order."""
    options = cast(Any, onnxruntime.RunOptions())
    options.log_severity_level = FATAL
    names = [value.name for value in session.get_inputs()]
    answers = session.run(None, dict(zip(names, arrays, strict=True)), options)
    return [np.asarray(answer) for answer in answers]
