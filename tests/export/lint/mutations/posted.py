"""Configurations that people posted because Triton did not take them, in small; the number is that of the thread.

Threads are those of triton-inference-server/server, and of onnxruntime_backend where the name begins with `ort`.
"""

from collections.abc import Callable

import numpy as np
import onnx
from export.lint import graphs
from export.lint.case import Case
from export.lint.edits import Change, all_of, append, config, edit, graph
from export.lint.foreign import ONE_INSTANCE
from export.lint.graphs import FLOAT, INT64, identity, node
from export.lint.served import NEVER

_GPU = "instance_group [ { count: 1 kind: KIND_GPU } ]\n"


def _model(text: str, make: Callable[[], onnx.ModelProto], instances: str = ONE_INSTANCE) -> Change:
    return all_of(config("vectors", text + instances), graph("vectors/1/model.onnx", make))


def _posted(size: str, batch: int = 0, reshape: str = "", output: str = "[1, 5]") -> str:
    return (
        f'platform: "onnxruntime_onnx"\nmax_batch_size: {batch}\n'
        f'input [ {{ name: "image" data_type: TYPE_FP32 dims: {size} {reshape} }} ]\n'
        f'output [ {{ name: "scores" data_type: TYPE_FP32 dims: {output} }} ]\n'
    )


def _identity_config(batch: int, given: str, gives: str, kind: str = "FP32") -> str:
    return (
        f'platform: "onnxruntime_onnx"\nmax_batch_size: {batch}\n'
        f'input [ {{ name: "x" data_type: TYPE_{kind} dims: {given} }} ]\n'
        f'output [ {{ name: "y" data_type: TYPE_{kind} dims: {gives} }} ]\n'
    )


def _frozen() -> onnx.ModelProto:
    return graphs.photo_scores(1)


def _half_frozen() -> onnx.ModelProto:
    """The input takes any batch, the output says 1."""
    made = graphs.photo_scores()
    made.graph.output[0].type.tensor_type.shape.dim[0].dim_value = 1
    return made


def _with_scalar_output() -> onnx.ModelProto:
    """boxes (batch, 4) and a scalar beside them, as an exporter leaves them behind."""
    nodes = [node("Identity", "x", "boxes"), node("Size", "x", "n")]
    return graphs.graph(nodes, [("x", FLOAT, ["batch", 4])], [("boxes", FLOAT, ["batch", 4]), ("n", INT64, [])])


def _detector() -> onnx.ModelProto:
    """As many boxes and labels as there are things in all pictures together."""
    nodes = [
        node("ReduceMean", "x axes", "means", keepdims=0),
        node("Concat", "means means means means", "flat", axis=0),
        node("Reshape", "flat four", "boxes"),
        node("Cast", "means", "labels", to=INT64),
    ]
    constants = {"axes": np.array([1, 2, 3]), "four": np.array([-1, 4])}
    outputs = [("boxes", FLOAT, ["things", 4]), ("labels", INT64, ["things_too"])]
    return graphs.graph(nodes, [("x", FLOAT, ["batch", 3, 8, 8])], outputs, constants)


def _ids() -> onnx.ModelProto:
    return identity(["batch", 16], INT64)


_DETECTOR = """platform: "onnxruntime_onnx"
max_batch_size: {batch}
input [ {{ name: "x" data_type: TYPE_FP32 dims: {x} }} ]
output [
  {{ name: "boxes" data_type: TYPE_FP32 dims: {boxes} }},
  {{ name: "labels" data_type: TYPE_INT64 dims: {labels} }}
]
"""
_SCALAR = """platform: "onnxruntime_onnx"
input [ { name: "x" data_type: TYPE_FP32 dims: [ -1, 4 ] } ]
output [ { name: "boxes" data_type: TYPE_FP32 dims: [ -1, 4 ] }, { name: "n" data_type: TYPE_INT64 dims: [ 1 ] } ]
"""

CASES = (
    Case("posted-4194", "a size of 244 for 224", "configured", _model(_posted("[1, 3, 8, 88]"), _frozen)),
    Case(
        "posted-4194-corrected", "the same with the right size", "configured", _model(_posted("[1, 3, 8, 8]"), _frozen)
    ),
    Case(
        "posted-7003",
        "max_batch_size for a graph whose batch axis was frozen by the export",
        "configured",
        _model(_posted("[3, 8, 8]", 16, output="[5]"), _frozen),
    ),
    Case(
        "posted-ort-111",
        "the input takes any batch, the output says 1",
        "configured",
        _model(_posted("[3, 8, 8]", 8, output="[5]"), _half_frozen),
    ),
    Case(
        "posted-ort-220",
        "the output says 1, and -1 in dims does not help",
        "configured",
        _model(_posted("[3, 8, 8]", 8, output="[-1, 5]"), _half_frozen),
    ),
    Case("posted-2052", "a scalar output beside others", "configured", _model(_SCALAR, _with_scalar_output)),
    Case(
        "posted-2052-with-batches",
        "a scalar output beside others, and batches",
        "configured",
        _model(
            _SCALAR.replace("input [", "max_batch_size: 4\ninput [").replace("-1, 4", "4"),
            _with_scalar_output,
        ),
    ),
    Case(
        "posted-3014",
        "an ensemble of 8 rows over a network that was built for one",
        "exported",
        graph("digits_network/1/model.onnx", lambda: graphs.pixel_scores(1)),
        ("digits_network", "digits"),
    ),
    Case(
        "posted-3007",
        "pictures of any size in one batch, as ragged input",
        "any_size",
        edit("any_size", "dims: [-1, -1, 3] }\noutput", "dims: [-1, -1, 3] allow_ragged_batch: true }\noutput"),
    ),
    Case(
        "posted-968",
        "pictures of any size in batches, as -1",
        "any_size",
        append("any_size", "dynamic_batching { preferred_batch_size: [2] }\n"),
    ),
    Case(
        "posted-8001",
        "an IR version that is too new for the server",
        "configured",
        _model(_identity_config(4, "[2]", "[2]"), lambda: identity(["batch", 2], ir_version=NEVER)),
    ),
    Case("posted-3912", "KIND_GPU where no GPU is", "configured", _model(_posted("[1, 3, 8, 8]"), _frozen, _GPU)),
    Case(
        "posted-1566",
        "groups of instances on GPUs that are not there",
        "configured",
        _model(
            _posted("[1, 3, 8, 8]"),
            _frozen,
            "instance_group [ { count: 1 kind: KIND_GPU gpus: [ 0 ] }, { count: 2 kind: KIND_GPU gpus: [ 1, 2 ] } ]\n",
        ),
    ),
    Case(
        "posted-4967",
        "a Python model without instance_group",
        "python",
        edit("doubler", "instance_group { count: 1 kind: KIND_CPU }\n", ""),
    ),
    Case(
        "posted-1545",
        "two axes of 1 too many in an output",
        "configured",
        _model(_posted("[3, 8, 8]", 1, output="[1, 1, 5]"), graphs.photo_scores),
    ),
    Case(
        "posted-2411",
        "pictures of any size, the batch of 1 in dims",
        "configured",
        _model(_identity_config(0, "[1, -1, -1, 3]", "[1, -1, -1, 3]"), lambda: identity([1, "h", "w", 3])),
    ),
    Case(
        "posted-4995",
        "pictures of any size, the batch left to Triton",
        "configured",
        _model(_identity_config(1, "[-1, -1, 3]", "[-1, -1, 3]"), lambda: identity(["n", "h", "w", 3])),
    ),
    Case(
        "posted-4065",
        "-1 in an output whose size the graph says",
        "configured",
        _model(_identity_config(8, "[-1, 25]", "[-1, 25]"), lambda: identity(["n", 16, 25])),
    ),
    Case(
        "posted-ort-165",
        "sizes in an output that the graph leaves open",
        "configured",
        _model(_identity_config(0, "[1, 3, 8, 8]", "[1, 3, 8, 8]"), lambda: identity(["n", "c", "h", "w"])),
    ),
    Case(
        "posted-1889",
        "a reshape is to bring the frozen batch of 1 back",
        "configured",
        _model(_posted("[3, 8, 8]", 1, "reshape { shape: [ 1, 3, 8, 8 ] }", "[5]"), _frozen),
    ),
    Case(
        "posted-2387",
        "without batches, a reshape brings the frozen batch of 1 back",
        "configured",
        _model(_posted("[3, 8, 8]", 0, "reshape { shape: [ 1, 3, 8, 8 ] }"), _frozen),
    ),
    Case(
        "posted-2387-with-batches",
        "with batches it does not",
        "configured",
        _model(_posted("[3, 8, 8]", 16, "reshape { shape: [ 1, 3, 8, 8 ] }"), _frozen),
    ),
    Case(
        "posted-1338-wrong",
        "the batch axis is in dims and in max_batch_size",
        "configured",
        _model(_identity_config(1024, "[-1, 16]", "[-1, 16]", "INT64"), _ids),
    ),
    Case(
        "posted-1338-right",
        "the batch axis is in max_batch_size only",
        "configured",
        _model(_identity_config(1024, "[16]", "[16]", "INT64"), _ids),
    ),
    Case(
        "posted-8107",
        "a detector whose outputs have no batch axis, without batches",
        "configured",
        _model(_DETECTOR.format(batch=0, x="[-1, 3, 8, 8]", boxes="[-1, 4]", labels="[-1]"), _detector),
    ),
    Case(
        "posted-8107-with-batches",
        "a detector whose outputs have no batch axis, with batches",
        "configured",
        _model(_DETECTOR.format(batch=2, x="[3, 8, 8]", boxes="[4]", labels="[]"), _detector),
    ),
    Case(
        "posted-2688",
        "a comma is missing in dims",
        "configured",
        _model(_posted("[1, 3, 8 8]"), _frozen),
    ),
    Case(
        "posted-5879",
        "16 rows at most, for a graph that takes exactly 16",
        "configured",
        _model(_posted("[3, 8, 8]", 16, output="[5]"), lambda: graphs.photo_scores(16)),
    ),
)
