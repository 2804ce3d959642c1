"""Platforms, backends, runtimes and model files of other frameworks."""

from export.lint.case import Case
from export.lint.edits import all_of, append, edit, remove, write

_PLATFORM = 'platform: "onnxruntime_onnx"'


CASES = (
    Case(
        "wrong-platform",
        "a TensorRT platform for an ONNX file",
        "configured",
        edit("vectors", _PLATFORM, 'platform: "tensorrt_plan"'),
    ),
    Case("platform-onnx", "the platform is called onnx", "configured", edit("vectors", _PLATFORM, 'platform: "onnx"')),
    Case(
        "platform-onnxruntime",
        "the backend's name as platform",
        "configured",
        edit("vectors", _PLATFORM, 'platform: "onnxruntime"'),
    ),
    Case(
        "platform-pytorch",
        "a TorchScript platform",
        "configured",
        edit("vectors", _PLATFORM, 'platform: "pytorch_libtorch"'),
    ),
    Case("backend-and-platform", "both, and both right", "configured", append("vectors", 'backend: "onnxruntime"\n')),
    Case(
        "backend-against-platform",
        "the backend is python, the platform ONNX",
        "configured",
        append("vectors", 'backend: "python"\n'),
        alone=True,
    ),
    Case(
        "no-backend",
        "neither backend nor platform: Triton looks at the file",
        "configured",
        edit("vectors", _PLATFORM + "\n", ""),
    ),
    Case("backend-onnx", "the backend is called onnx", "photo", edit("photo_scores", '"onnxruntime"', '"onnx"')),
    Case(
        "backend-with-underscore",
        "the platform's name as backend",
        "photo",
        edit("photo_scores", '"onnxruntime"', '"onnxruntime_onnx"'),
    ),
    Case(
        "backend-in-capitals",
        "ONNXRuntime in capitals",
        "photo",
        edit("photo_scores", '"onnxruntime"', '"ONNXRuntime"'),
    ),
    Case(
        "backend-tensorflow",
        "a backend that is not installed",
        "photo",
        edit("photo_scores", '"onnxruntime"', '"tensorflow"'),
    ),
    Case(
        "backend-pytorch",
        "another backend that is not installed",
        "photo",
        edit("photo_scores", '"onnxruntime"', '"pytorch"'),
    ),
    Case(
        "backend-empty",
        "an empty backend: Triton looks at the file",
        "photo",
        edit("photo_scores", '"onnxruntime"', '""'),
    ),
    Case("runtime-named", "the runtime is named and there", "photo", append("photo_scores", 'runtime: "model.py"\n')),
    Case(
        "runtime-missing",
        "the C++ backend is asked for, which is not installed",
        "photo",
        append("photo_scores", 'runtime: "libtriton_onnxruntime.so"\n'),
    ),
    Case(
        "custom-operator-library-missing",
        "a library of operators that is not there",
        "photo",
        append("photo_scores", 'model_operations { op_library_filename: [ "libmyops.so" ] }\n'),
    ),
    Case(
        "plan-file",
        "a TensorRT plan without TensorRT",
        "frozen_bare",
        all_of(remove("frozen_bare/1/model.onnx"), write("frozen_bare/1/model.plan", "plan")),
    ),
    Case(
        "torch-file",
        "a TorchScript file without its backend",
        "frozen_bare",
        all_of(remove("frozen_bare/1/model.onnx"), write("frozen_bare/1/model.pt", "PK")),
    ),
    Case("two-model-files", "a model.pt beside the graph", "configured", write("vectors/1/model.pt", "PK")),
    Case(
        "bare-two-model-files",
        "a model.pt beside the graph, and no configuration",
        "frozen_bare",
        write("frozen_bare/1/model.pt", "PK"),
    ),
    Case(
        "agents-without-an-agent",
        "model_repository_agents is there, and empty",
        "configured",
        append("vectors", "model_repository_agents { }\n"),
        alone=True,
    ),
)
