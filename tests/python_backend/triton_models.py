"""Small models for a real tritonserver: ONNX graphs made by hand, and their configurations."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

BATCH = "batch"
Dims = Sequence[int | str]


def graph(
    nodes: Sequence[onnx.NodeProto],
    inputs: Mapping[str, tuple[int, Dims]],
    outputs: Mapping[str, tuple[int, Dims]],
    constants: Mapping[str, npt.NDArray[Any]] | None = None,
) -> onnx.ModelProto:
    """A model that every ONNX Runtime since 1.18 reads."""
    infos = [
        [helper.make_tensor_value_info(name, kind, list(dims)) for name, (kind, dims) in tensors.items()]
        for tensors in (inputs, outputs)
    ]
    initializers = [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()]
    body = helper.make_graph(list(nodes), "test", infos[0], infos[1], initializers)
    model = helper.make_model(body, ir_version=10, opset_imports=[helper.make_opsetid("", 20)])
    onnx.checker.check_model(model)
    return model


def node(operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operator, list(inputs), [output], **attributes)


def doubled(dims: Dims) -> onnx.ModelProto:
    """Y = 2 X."""
    tensors = (TensorProto.FLOAT, dims)
    return graph([node("Add", ["X", "X"], "Y")], {"X": tensors}, {"Y": tensors})


ELEMENT_TYPES: dict[str, tuple[int, list[Any]]] = {
    "BOOL": (TensorProto.BOOL, [True, False]),
    "UINT8": (TensorProto.UINT8, [0, 255]),
    "UINT16": (TensorProto.UINT16, [0, 65535]),
    "UINT32": (TensorProto.UINT32, [0, 2**32 - 1]),
    "UINT64": (TensorProto.UINT64, [0, 2**64 - 1]),
    "INT8": (TensorProto.INT8, [-128, 127]),
    "INT16": (TensorProto.INT16, [-(2**15), 2**15 - 1]),
    "INT32": (TensorProto.INT32, [-(2**31), 2**31 - 1]),
    "INT64": (TensorProto.INT64, [-(2**63), 2**63 - 1]),
    "FP16": (TensorProto.FLOAT16, [0.5, -65504.0]),
    "FP32": (TensorProto.FLOAT, [0.1, -1e38]),
    "FP64": (TensorProto.DOUBLE, [0.1, 1e300]),
    "BYTES": (TensorProto.STRING, [b"", "Grüße, 世界".encode()]),
}


def all_types() -> onnx.ModelProto:
    """OUT_<type> = IN_<type>, for every element type."""
    dims: Dims = (BATCH, 2)
    return graph(
        [node("Identity", [f"IN_{name}"], f"OUT_{name}") for name in ELEMENT_TYPES],
        {f"IN_{name}": (kind, dims) for name, (kind, _) in ELEMENT_TYPES.items()},
        {f"OUT_{name}": (kind, dims) for name, (kind, _) in ELEMENT_TYPES.items()},
    )


def doubled_and_summed() -> onnx.ModelProto:
    """Y = 2 X and SUM = the sum over the second dimension, which varies."""
    return graph(
        [node("Add", ["X", "X"], "Y"), node("ReduceSum", ["X", "AXES"], "SUM", keepdims=1)],
        {"X": (TensorProto.FLOAT, (BATCH, "length"))},
        {"Y": (TensorProto.FLOAT, (BATCH, "length")), "SUM": (TensorProto.FLOAT, (BATCH, 1))},
        {"AXES": np.array([1])},
    )


def table() -> onnx.ModelProto:
    """VALUE = the entry of (10, 20, 30) that INDEX names; any other index is an error at run time."""
    return graph(
        [node("Gather", ["ENTRIES", "INDEX"], "VALUE")],
        {"INDEX": (TensorProto.INT64, (BATCH, 1))},
        {"VALUE": (TensorProto.INT64, (BATCH, 1))},
        {"ENTRIES": np.array([10, 20, 30])},
    )


def scalars() -> onnx.ModelProto:
    """TOTAL, a scalar = the sum of X times FACTOR, a scalar."""
    return graph(
        [node("ReduceSum", ["X"], "S", keepdims=0), node("Mul", ["S", "FACTOR"], "TOTAL")],
        {"X": (TensorProto.FLOAT, (2, 2)), "FACTOR": (TensorProto.FLOAT, ())},
        {"TOTAL": (TensorProto.FLOAT, ())},
    )


def with_default() -> onnx.ModelProto:
    """Y = X + BIAS, where BIAS may be left out and is then 5."""
    dims: Dims = (2,)
    return graph(
        [node("Add", ["X", "BIAS"], "Y")],
        {"X": (TensorProto.FLOAT, dims), "BIAS": (TensorProto.FLOAT, dims)},
        {"Y": (TensorProto.FLOAT, dims)},
        {"BIAS": np.array([5, 5], np.float32)},
    )


def write_model(repository: Path, name: str, config: str | None, model: onnx.ModelProto | bytes | None = None) -> Path:
    """Write one model with version 1; returns its folder."""
    version = repository / name / "1"
    version.mkdir(parents=True)
    if config is not None:
        (version.parent / "config.pbtxt").write_text(config)
    if model is not None:
        data = model if isinstance(model, bytes) else model.SerializeToString()
        (version / "model.onnx").write_bytes(data)
    return version.parent


def parameters(**values: str) -> str:
    return "".join(
        f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n' for key, value in values.items()
    )


def tensor(key: str, name: str, data_type: str, dims: str) -> str:
    return f'{key} {{ name: "{name}" data_type: {data_type} dims: {dims} }}\n'


ON_CPU = "instance_group { kind: KIND_CPU count: 1 }\n"
WAITING = "dynamic_batching { max_queue_delay_microseconds: 300000 }\n"
ONNX = 'backend: "onnxruntime"\n'
X_TO_Y = tensor("input", "X", "TYPE_FP32", "[3]") + tensor("output", "Y", "TYPE_FP32", "[3]")


def write_good_models(repository: Path) -> None:
    write = write_model
    size = parameters(width="8", height="6", fit="letterbox")
    write(repository, "decode", 'backend: "image_decode"\n' + size + ON_CPU)
    full = tensor("input", "IMAGE", "TYPE_STRING", "[1]") + tensor("output", "PIXELS", "TYPE_UINT8", "[6,8,3]")
    write(
        repository,
        "decode_waiting",
        'backend: "image_decode"\nmax_batch_size: 16\n' + size + full + WAITING + ON_CPU,
    )
    write(repository, "decode_earlier", 'backend: "image_decode"\nmax_batch_size: 16\n' + size + full + ON_CPU)
    write(repository, "encode", 'backend: "image_encode"\n' + ON_CPU)
    write(repository, "class_map", 'backend: "class_map"\n' + parameters(fit="squash") + ON_CPU)
    write(repository, "noise", 'backend: "latent_noise"\n' + parameters(size="33") + ON_CPU)
    write(repository, "bare", None, doubled((BATCH, 3)))
    write(repository, "vector", ONNX + ON_CPU, doubled((BATCH,)))
    write(repository, "unbatched", ONNX + ON_CPU, doubled((2, "n")))
    write(repository, "types", ONNX + ON_CPU, all_types())
    two = tensor("input", "X", "TYPE_FP32", "[-1]") + tensor("output", "Y", "TYPE_FP32", "[-1]")
    write(
        repository,
        "sums",
        ONNX + "max_batch_size: 16\n" + two + tensor("output", "SUM", "TYPE_FP32", "[1]") + WAITING + ON_CPU,
        doubled_and_summed(),
    )
    write(
        repository,
        "table",
        ONNX
        + "max_batch_size: 16\n"
        + tensor("input", "INDEX", "TYPE_INT64", "[1]")
        + tensor("output", "VALUE", "TYPE_INT64", "[1]")
        + WAITING
        + ON_CPU,
        table(),
    )
    write(repository, "scalars", ONNX + ON_CPU, scalars())
    write(
        repository,
        "optional",
        ONNX
        + tensor("input", "X", "TYPE_FP32", "[2]")
        + 'input { name: "BIAS" data_type: TYPE_FP32 dims: [2] optional: true }\n'
        + tensor("output", "Y", "TYPE_FP32", "[2]")
        + ON_CPU,
        with_default(),
    )
    tuned = parameters(
        **{
            "intra_op_thread_count": "1",
            "inter_op_thread_count": "2",
            "execution_mode": "1",
            "enable_mem_arena": "On",
            "enable_mem_pattern": "FALSE",
            "memory.enable_memory_arena_shrinkage": "cpu:0",
            "session.intra_op.allow_spinning": "1",
        }
    )
    folder = write(
        repository,
        "tuned",
        ONNX
        + "max_batch_size: 4\n"
        + 'default_model_filename: "weights"\n'
        + X_TO_Y
        + tuned
        + "optimization { graph { level: 1 } execution_accelerators { "
        + 'gpu_execution_accelerator { name: "tensorrt" parameters { key: "precision_mode" value: "FP16" } } '
        + 'cpu_execution_accelerator { name: "openvino" } } }\n'
        + ON_CPU,
    )
    weights = folder / "1" / "weights"
    weights.mkdir()
    (weights / "model.onnx").write_bytes(doubled((BATCH, 3)).SerializeToString())
