"""Scalars, reshapes, optional and ragged inputs."""

from export.lint.case import Case
from export.lint.edits import edit

CASES = (
    Case("strings-as-bytes", "TYPE_BYTES does not exist", "strings", edit("words", "TYPE_STRING", "TYPE_BYTES")),
    Case("strings-as-uint8", "UINT8 for strings", "strings", edit("words", "TYPE_STRING", "TYPE_UINT8")),
    Case(
        "strings-of-a-fixed-count",
        "a fixed size where the graph takes any, inputs only",
        "strings",
        edit("words", 'name: "x" data_type: TYPE_STRING dims: [-1]', 'name: "x" data_type: TYPE_STRING dims: [3]'),
    ),
    Case(
        "any-size-fixed-in-the-output",
        "a fixed size where the graph gives any",
        "any_size",
        edit(
            "any_size",
            'name: "y" data_type: TYPE_FP32 dims: [-1, -1, 3]',
            'name: "y" data_type: TYPE_FP32 dims: [4, 4, 3]',
        ),
    ),
    Case(
        "any-size-fixed-in-the-input",
        "fixed sizes for the input of a graph that takes any",
        "any_size",
        edit(
            "any_size",
            'name: "x" data_type: TYPE_FP32 dims: [-1, -1, 3]',
            'name: "x" data_type: TYPE_FP32 dims: [4, 4, 3]',
        ),
    ),
    Case(
        "any-size-of-four-channels",
        "RGBA for a graph of three channels",
        "any_size",
        edit("any_size", "dims: [-1, -1, 3] }\noutput", "dims: [-1, -1, 4] }\noutput"),
    ),
    Case("scalar-of-two", "two numbers for a scalar", "scalar", edit("single_number", "[1]", "[2]")),
    Case("scalar-without-dims", "no dims for a scalar", "scalar", edit("single_number", "dims: [1]", "", -1)),
    Case(
        "reshape-left-out",
        "[1] for a graph that takes a number per row",
        "reshaped",
        edit("flat_numbers", " reshape { shape: [] }", "", -1),
    ),
    Case(
        "reshape-of-the-wrong-size",
        "1 element cannot become 2",
        "reshaped",
        edit("flat_numbers", "shape: []", "shape: [2]"),
    ),
    Case(
        "reshape-to-the-graph",
        "pictures given flat, reshaped to what the graph takes",
        "photo",
        edit(
            "photo_scores",
            "format: FORMAT_NCHW dims: [3, 8, 8]",
            "dims: [192] reshape { shape: [3, 8, 8] }",
        ),
    ),
    Case(
        "reshape-to-another-shape",
        "reshaped to sizes that the graph does not take",
        "photo",
        edit("photo_scores", "format: FORMAT_NCHW dims: [3, 8, 8]", "dims: [192] reshape { shape: [3, 64] }"),
    ),
    Case(
        "reshape-with-two-unknowns",
        "-1 more often in the reshape than in dims",
        "any_size",
        edit("any_size", "dims: [-1, -1, 3] }\noutput", "dims: [-1, 3] reshape { shape: [-1, -1, 3] } }\noutput"),
    ),
    Case(
        "optional-with-a-batch-axis",
        "optional inputs cannot be batched",
        "configured",
        edit("vectors", "    dims: [ 4 ]", "    dims: [ 4 ]\n    optional: true"),
    ),
    Case(
        "optional-not-marked",
        "an input with a default is not marked as optional",
        "optional",
        edit("with_default", " optional: true", ""),
    ),
    Case(
        "optional-left-out",
        "an input with a default may be left out",
        "optional",
        edit("with_default", 'input { name: "bias" data_type: TYPE_FP32 dims: [4] optional: true }\n', ""),
    ),
    Case(
        "ragged-batches",
        "ragged batches, which our backend does not offer",
        "configured",
        edit("vectors", "    dims: [ 4 ]", "    dims: [ 4 ]\n    allow_ragged_batch: true"),
    ),
    Case(
        "shape-tensor",
        "a shape tensor, which only TensorRT has",
        "configured",
        edit("vectors", "    dims: [ 4 ]", "    dims: [ 4 ]\n    is_shape_tensor: true"),
    ),
)
