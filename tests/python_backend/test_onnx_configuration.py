"""The onnxruntime drop-in: configurations completed from a graph, and held against it."""

from typing import Any

import pytest

from sightline_backend.errors import ModelConfigError
from sightline_backend.onnx_runtime.autocomplete import complete_from_graph
from sightline_backend.onnx_runtime.graph import Graph, GraphTensor
from sightline_backend.onnx_runtime.validation import validate

Config = dict[str, Any]


def fp32(name: str, *dims: int) -> GraphTensor:
    return GraphTensor(name, "TYPE_FP32", dims)


def entry(name: str, *dims: int, **more: Any) -> Config:
    return {"name": name, "data_type": "TYPE_FP32", "dims": list(dims), **more}


def completed(config: Config, graph: Graph) -> Config:
    config = {"name": "m", "max_batch_size": 0, "input": [], "output": [], **config}
    complete_from_graph(config, graph)
    return config


BATCHING = Graph((fp32("x", -1, 3, -1),), (fp32("y", -1),))
FIXED = Graph((fp32("x", 1, 3),), (fp32("y", 1),))


@pytest.mark.parametrize(
    ("config", "graph", "changed"),
    [
        pytest.param(
            {},
            BATCHING,
            {
                "max_batch_size": 4,
                "dynamic_batching": {},
                "input": [entry("x", 3, -1)],
                "output": [entry("y", 1, reshape={"shape": []})],
            },
            id="nothing given",
        ),
        pytest.param(
            {"max_batch_size": 1},
            BATCHING,
            {"input": [entry("x", 3, -1)], "output": [entry("y", 1, reshape={"shape": []})]},
            id="batches of one",
        ),
        pytest.param(
            {"max_batch_size": 8, "sequence_batching": {}},
            BATCHING,
            {"input": [entry("x", 3, -1)], "output": [entry("y", 1, reshape={"shape": []})]},
            id="sequences",
        ),
        pytest.param(
            {"input": [entry("x", 3, 5)], "max_batch_size": 8},
            BATCHING,
            {"dynamic_batching": {}, "output": [entry("y", 1, reshape={"shape": []})]},
            id="inputs given",
        ),
        pytest.param({"input": [entry("x", 9)], "output": [entry("y", 9)]}, BATCHING, {}, id="all given"),
        pytest.param({}, FIXED, {"input": [entry("x", 1, 3)], "output": [entry("y", 1)]}, id="no batch axis"),
        pytest.param(
            {},
            Graph((fp32("x", -1, 3),), (fp32("y"),)),
            {"input": [entry("x", -1, 3)], "output": [entry("y", 1)]},
            id="a scalar",
        ),
    ],
)
def test_autocompletion(config: Config, graph: Graph, changed: Config) -> None:
    given: Config = {"name": "m", "max_batch_size": 0, "input": [], "output": [], **config}
    assert completed(config, graph) == given | changed


def test_autocompletion_of_batches_that_the_graph_can_not_take_is_refused() -> None:
    with pytest.raises(ModelConfigError) as refused:
        completed({"max_batch_size": 2}, FIXED)
    assert str(refused.value) == (
        "autofill failed for model 'm': model does not support batching while non-zero max_batch_size is specified"
    )


GRAPH = Graph(
    inputs=(fp32("x", -1, 3, -1), GraphTensor("s", "TYPE_STRING", (-1, 1))),
    outputs=(fp32("y", -1, -1), GraphTensor("n", "TYPE_INT64", (-1, 2))),
)
SCALAR = Graph(inputs=(fp32("x"),), outputs=(fp32("y"),))


def config_of(**changes: Any) -> Config:
    strings = {"name": "s", "data_type": "TYPE_STRING", "dims": [1]}
    return {
        "name": "m",
        "max_batch_size": 8,
        "input": [entry("x", 3, 7), strings],
        "output": [entry("y", -1), {"name": "n", "data_type": "TYPE_INT64", "dims": [2]}],
        **changes,
    }


STRINGS = config_of()["input"][1]
UNBATCHED = Graph((fp32("x", 2, -1),), (fp32("y", 2, -1),))


def control(kind: str, **more: Any) -> Config:
    return {"sequence_batching": {"control_input": [{"name": "c", "control": [{"kind": kind, **more}]}]}}


@pytest.mark.parametrize(
    ("config", "graph"),
    [
        pytest.param(config_of(), GRAPH, id="as the graph"),
        pytest.param(config_of(input=[STRINGS, entry("x", 3, -1)]), GRAPH, id="any order"),
        pytest.param(config_of(output=[entry("y", -1)]), GRAPH, id="some of the outputs"),
        pytest.param(config_of(input=[entry("x", 9, reshape={"shape": [3, 3]}), STRINGS]), GRAPH, id="a reshape"),
        pytest.param(
            config_of(max_batch_size=0, input=[entry("x", 2, 9)], output=[entry("y", 2, -1)]),
            UNBATCHED,
            id="no batches",
        ),
        pytest.param(config_of(max_batch_size=0, input=[entry("x", 1)], output=[entry("y", 1)]), SCALAR, id="scalars"),
        pytest.param(
            config_of(
                max_batch_size=0, input=[entry("x", 2, 9), entry("b", 1, optional=True)], output=[entry("y", 2, -1)]
            ),
            Graph(UNBATCHED.inputs, UNBATCHED.outputs, (fp32("b", 1),)),
            id="an optional input",
        ),
        pytest.param(
            config_of(input=[entry("x", 3)], output=[entry("y", 3)])
            | control("CONTROL_SEQUENCE_START", fp32_false_true=[0, 1]),
            Graph((fp32("x", -1, 3), fp32("c", -1, 1)), (fp32("y", -1, 3),)),
            id="a sequence control",
        ),
    ],
)
def test_what_fits_the_graph_is_let_pass(config: Config, graph: Graph) -> None:
    validate(config, graph)


@pytest.mark.parametrize(
    ("config", "graph", "message"),
    [
        (
            config_of(input=[entry("x", 3, 7)]),
            GRAPH,
            "unable to load model 'm', configuration expects 1 inputs, model provides 2",
        ),
        (
            config_of(input=[entry("a", 3, 7), STRINGS]),
            GRAPH,
            "unexpected inference input 'a', allowed inputs are: s, x",
        ),
        (config_of(output=[entry("a", 1)]), GRAPH, "unexpected inference output 'a', allowed outputs are: n, y"),
        (
            config_of(input=[entry("x", 3, 7) | {"data_type": "TYPE_INT64"}, STRINGS]),
            GRAPH,
            "unable to load model 'm', configuration expects datatype TYPE_INT64 for input 'x', model provides "
            "TYPE_FP32",
        ),
        (
            config_of(input=[entry("x", 3, 7), entry("s", 1)]),
            GRAPH,
            "unable to load model 'm', configuration expects datatype TYPE_FP32 for input 's', model provides "
            "TYPE_BYTES",
        ),
        (
            config_of(output=[entry("n", 2)]),
            GRAPH,
            "unable to load model 'm', configuration expects datatype TYPE_FP32 for output 'n', model provides "
            "TYPE_INT64",
        ),
        (
            config_of(input=[entry("x", 3, 7) | {"data_type": "TYPE_BF16"}, STRINGS]),
            GRAPH,
            "unsupported datatype TYPE_BF16 for input 'x' for model 'm'",
        ),
        (
            config_of(input=[entry("x", 4, 7), STRINGS]),
            GRAPH,
            "model 'm', tensor 'x': the model expects 3 dimensions (shape [-1,3,-1]) but the model configuration "
            "specifies 3 dimensions (an initial batch dimension because max_batch_size > 0 followed by the explicit "
            "tensor shape, making complete shape [-1,4,7])",
        ),
        (
            config_of(input=[entry("x", -1, 7), STRINGS]),
            GRAPH,
            "model 'm', tensor 'x': the model expects 3 dimensions (shape [-1,3,-1]) but the model configuration "
            "specifies 3 dimensions (an initial batch dimension because max_batch_size > 0 followed by the explicit "
            "tensor shape, making complete shape [-1,-1,7])",
        ),
        (
            config_of(output=[entry("y", 5)]),
            GRAPH,
            "model 'm', tensor 'y': the model expects 2 dimensions (shape [-1,-1]) but the model configuration "
            "specifies 2 dimensions (an initial batch dimension because max_batch_size > 0 followed by the explicit "
            "tensor shape, making complete shape [-1,5])",
        ),
        (
            config_of(input=[entry("x", 3)], output=[]),
            FIXED,
            "model 'm', tensor 'x': for the model to support batching the shape should have at least 1 dimension and "
            "the first dimension must be -1; but shape expected by the model is [1,3]",
        ),
        (
            config_of(max_batch_size=0, input=[entry("x", 2, 9)], output=[entry("y", 2, 9)]),
            UNBATCHED,
            "model 'm', tensor 'y': the model expects 2 dimensions (shape [2,-1]) but the model configuration "
            "specifies 2 dimensions (shape [2,9])",
        ),
        (
            config_of(max_batch_size=0, input=[entry("x", 9)], output=[]),
            UNBATCHED,
            "model 'm', tensor 'x': the model expects 2 dimensions (shape [2,-1]) but the model configuration "
            "specifies 1 dimensions (shape [9])",
        ),
        (
            config_of(max_batch_size=0, input=[entry("x", 2)], output=[]),
            SCALAR,
            "unable to load model 'm', scalar tensor 'x', should only provide 1 in the model configuration when the "
            "model doesn't support batching. Model configuration provided: [2].",
        ),
        (
            config_of(input=[entry("x", 3, 7), STRINGS, entry("b", 1, optional=True)]),
            GRAPH,
            "unable to load model 'm', optional input 'b' is not supported for models that support batching",
        ),
        (
            config_of() | control("CONTROL_SEQUENCE_START", int32_false_true=[0, 1]),
            GRAPH,
            "configuration specified sequence control 'c', but model does not provide that input",
        ),
        (
            config_of() | control("CONTROL_SEQUENCE_END", int32_false_true=[0, 1]),
            Graph((fp32("c", -1, 2),), ()),
            "unable to load model 'm', sequence control 'c' in model has dims [2] but dims [1] is expected",
        ),
        (
            config_of() | control("CONTROL_SEQUENCE_CORRID", data_type="TYPE_UINT64"),
            Graph((fp32("c", -1, 1),), ()),
            "unable to load model 'm', sequence control 'c', the model expects data-type TYPE_FP32 but the model "
            "configuration specifies data-type TYPE_UINT64",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_the_cpp_backends_words(config: Config, graph: Graph, message: str) -> None:
    with pytest.raises(ModelConfigError) as refused:
        validate(config, graph)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "config",
    [
        config_of(batch_input=[{}]),
        config_of(batch_output=[{}]),
        config_of(sequence_batching={"state": [{}]}),
        config_of(input=[entry("x", 3, 7, allow_ragged_batch=True), STRINGS]),
    ],
)
def test_what_only_the_cpp_backend_offers_is_refused(config: Config) -> None:
    with pytest.raises(ModelConfigError, match="is only offered by the C\\+\\+ onnxruntime backend"):
        validate(config, GRAPH)
