"""What is in the ONNX file."""

from collections.abc import Callable

import numpy as np
import onnx
from export.lint import graphs
from export.lint.case import Case
from export.lint.edits import Change, all_of, edit, graph, regraph
from export.lint.graphs import FLOAT, identity, node
from export.lint.served import NEVER, served
from onnx import TensorProto, helper, numpy_helper

_MODEL = "vectors/1/model.onnx"


def _ir(version: int | Callable[[], int]) -> Change:
    def alter(model: onnx.ModelProto) -> None:
        model.ir_version = version if isinstance(version, int) else version()

    return regraph(_MODEL, alter)


def _opset(version: int | Callable[[], int]) -> Change:
    def alter(model: onnx.ModelProto) -> None:
        model.opset_import[0].version = version if isinstance(version, int) else version()

    return regraph(_MODEL, alter)


def _kind(kind: str, domain: str = "") -> Change:
    def alter(model: onnx.ModelProto) -> None:
        model.graph.node[0].op_type = kind
        model.graph.node[0].domain = domain
        if domain:
            model.opset_import.append(helper.make_opsetid(domain, 1))

    return regraph(_MODEL, alter)


def _rename_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].name = "input.1"
    model.graph.node[0].input[0] = "input.1"


def _rename_output(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = "logits"
    model.graph.node[0].output[0] = "logits"


def _half(model: onnx.ModelProto) -> None:
    weights = numpy_helper.to_array(model.graph.initializer[0]).astype(np.float16)
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(weights, "w"))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = TensorProto.FLOAT16


def _with_summary() -> onnx.ModelProto:
    nodes = [node("MatMul", "x w", "y"), node("Identity", "t", "summary")]
    outputs = [("y", FLOAT, ["batch", 3]), ("summary", FLOAT, [1])]
    constants = {"w": graphs.weights(4, 3), "t": np.ones(1, np.float32)}
    return graphs.graph(nodes, [("x", FLOAT, ["batch", 4])], outputs, constants)


def _pairs() -> onnx.ModelProto:
    nodes = [node("Reshape", "x two", "pairs"), node("Reshape", "pairs one", "rows"), node("MatMul", "rows w", "y")]
    constants = {"two": np.array([-1, 2, 4]), "one": np.array([-1, 4]), "w": graphs.weights(4, 3)}
    return graphs.graph(nodes, [("x", FLOAT, ["batch", 4])], [("y", FLOAT, ["batch", 3])], constants)


def _up_to_three() -> onnx.ModelProto:
    """The number of rows is looked up in a table."""
    nodes = [
        *(node("Shape", "x", "shape"), node("Gather", "shape zero", "rows"), node("Gather", "table rows", "found")),
        *(node("MatMul", "x w", "raw"), node("Add", "raw found", "y")),
    ]
    table = {"zero": np.array(0), "table": np.zeros(4, np.float32), "w": graphs.weights(4, 3)}
    return graphs.graph(nodes, [("x", FLOAT, ["batch", 4])], [("y", FLOAT, ["batch", 3])], table)


def _dangling(model: onnx.ModelProto) -> None:
    model.graph.node[0].input[0] = "nowhere"


def _misshapen(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(graphs.weights(5, 3), "w"))


def _no_opset(model: onnx.ModelProto) -> None:
    del model.opset_import[:]


def _more_metadata(model: onnx.ModelProto) -> None:
    model.metadata_props.append(onnx.StringStringEntryProto(key="author", value="me"))
    model.producer_name, model.doc_string = "pytorch", "a network"


def _weights_as_inputs(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("w", FLOAT, [4, 3]))


def _unnamed_batch(model: onnx.ModelProto) -> None:
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].ClearField("dim_param")


def _no_shape(model: onnx.ModelProto) -> None:
    model.graph.output[0].type.tensor_type.ClearField("shape")


def _sequence_output() -> onnx.ModelProto:
    made = graphs.graph([node("SequenceConstruct", "x", "y")], [("x", FLOAT, ["batch", 4])], [("y", FLOAT, None)])
    made.graph.output[0].CopyFrom(helper.make_tensor_sequence_value_info("y", FLOAT, None))
    return made


def _gelu() -> onnx.ModelProto:
    nodes = [helper.make_node("Gelu", ["x"], ["hidden"], domain="com.microsoft"), node("MatMul", "hidden w", "y")]
    inputs, outputs = [("x", FLOAT, ["batch", 4])], [("y", FLOAT, ["batch", 3])]
    made = graphs.graph(nodes, inputs, outputs, {"w": graphs.weights(4, 3)})
    made.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    return made


CASES = (
    Case("ir-99", "an IR that no ONNX Runtime opens", "configured", _ir(NEVER)),
    Case("ir-newest", "the newest IR that is served", "configured", _ir(lambda: served().ir_version)),
    Case("ir-too-new", "one IR newer than what is served", "configured", _ir(lambda: served().ir_version + 1)),
    Case("ir-8", "an old IR", "configured", _ir(8)),
    Case("ir-3", "a very old IR", "configured", _ir(3)),
    Case("ir-zero", "no IR version", "configured", _ir(0)),
    Case("opset-99", "an opset that no ONNX Runtime knows", "configured", _opset(NEVER)),
    Case("opset-newest", "the newest opset that is served", "configured", _opset(lambda: served().opset)),
    Case("opset-too-new", "one opset newer than what is served", "configured", _opset(lambda: served().opset + 1)),
    Case("opset-13", "an old opset", "configured", _opset(13)),
    Case("opset-missing", "the graph names no opset", "configured", regraph(_MODEL, _no_opset)),
    Case("operator-typo", "an operator that does not exist", "configured", _kind("MatMull")),
    Case(
        "custom-operator", "an operator of a domain that nobody registered", "configured", _kind("FastMatMul", "my.ops")
    ),
    Case("torch-operator", "an operator that PyTorch left in", "configured", _kind("grid_sampler", "aten")),
    Case("microsoft-operator", "an operator of ONNX Runtime's own domain", "configured", graph(_MODEL, _gelu)),
    Case(
        "input-renamed-in-the-graph",
        "the graph was exported again with another input name",
        "configured",
        regraph(_MODEL, _rename_input),
    ),
    Case(
        "output-renamed-in-the-graph",
        "the graph was exported again with another output name",
        "configured",
        regraph(_MODEL, _rename_output),
    ),
    Case(
        "half-precision-graph",
        "the graph was converted to FP16, the configuration was not",
        "configured",
        regraph(_MODEL, _half),
    ),
    Case(
        "half-precision-throughout",
        "graph and configuration were converted to FP16",
        "configured",
        all_of(regraph(_MODEL, _half), edit("vectors", "TYPE_FP32", "TYPE_FP16", -1)),
    ),
    Case("dangling-input", "a node takes a value that nobody makes", "configured", regraph(_MODEL, _dangling)),
    Case("misshapen-weights", "the weights do not fit the input", "configured", regraph(_MODEL, _misshapen)),
    Case("metadata", "more metadata in the graph", "configured", regraph(_MODEL, _more_metadata)),
    Case(
        "weights-as-inputs",
        "the weights are inputs with defaults, as old exporters write them",
        "configured",
        regraph(_MODEL, _weights_as_inputs),
    ),
    Case("unnamed-batch", "the batch axis has neither name nor size", "configured", regraph(_MODEL, _unnamed_batch)),
    Case(
        "output-without-shape",
        "the graph does not say the shape of its output",
        "configured",
        regraph(_MODEL, _no_shape),
    ),
    Case(
        "bare-output-without-shape",
        "no configuration, and the graph does not say the shape of its output",
        "bare",
        regraph("bare_vectors/1/model.onnx", _no_shape),
    ),
    Case(
        "sequence-output",
        "the output is a sequence of tensors",
        "bare",
        graph("bare_vectors/1/model.onnx", _sequence_output),
    ),
    Case(
        "more-classes",
        "the network was trained again with four classes",
        "exported",
        graph("digits_network/1/model.onnx", lambda: graphs.pixel_scores(classes=4)),
        ("digits", "digits_network"),
    ),
    Case(
        "other-size",
        "the network was trained again with 16 pixels",
        "exported",
        graph("digits_network/1/model.onnx", lambda: graphs.pixel_scores(side=16)),
        ("digits", "digits_network"),
    ),
    Case(
        "photo-of-any-size",
        "the graph takes any size, the configuration 8 x 8",
        "photo",
        graph("photo_scores/1/model.onnx", lambda: graphs.photo_scores(height="height", width="width")),
    ),
    Case(
        "photo-of-another-size",
        "the graph takes 16 x 8",
        "photo",
        graph("photo_scores/1/model.onnx", lambda: graphs.photo_scores(height=16)),
    ),
    Case(
        "bare-of-strings",
        "a graph of strings without a configuration",
        "bare",
        graph("bare_vectors/1/model.onnx", lambda: identity(["batch", 2], graphs.STRING)),
    ),
    Case(
        "bare-scalar",
        "a scalar without a configuration",
        "bare",
        graph("bare_vectors/1/model.onnx", lambda: identity([])),
    ),
    Case(
        "bare-bfloat16",
        "a type that is not served, without a configuration",
        "bare",
        graph("bare_vectors/1/model.onnx", lambda: identity(["batch", 2], TensorProto.BFLOAT16)),
    ),
    Case(
        "bare-ir-99",
        "an IR that is too new, without a configuration",
        "bare",
        graph("bare_vectors/1/model.onnx", lambda: identity(["batch", 2], ir_version=NEVER)),
    ),
    Case(
        "bare-opset-99",
        "an opset that is too new, without a configuration",
        "bare",
        graph("bare_vectors/1/model.onnx", lambda: identity(["batch", 2], opset=NEVER)),
    ),
    Case(
        "bare-second-axis-dynamic",
        "only the second axis varies",
        "bare",
        graph("bare_vectors/1/model.onnx", lambda: identity([1, "length"])),
    ),
    Case(
        "output-for-the-whole-batch",
        "an output beside, of one row, that the configuration does not list",
        "configured",
        graph(_MODEL, _with_summary),
    ),
    Case("graph-of-pairs", "the graph takes even numbers of rows only", "configured", graph(_MODEL, _pairs)),
    Case("graph-of-three-rows", "the graph takes up to three rows", "configured", graph(_MODEL, _up_to_three)),
)
