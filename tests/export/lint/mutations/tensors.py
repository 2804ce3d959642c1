"""Names, types and sizes of tensors that are not those of the graph."""

from export.lint.case import Case
from export.lint.edits import all_of, edit

_INPUT_BLOCK = """input [
  {
    name: "x"
    data_type: TYPE_FP32
    dims: [ 4 ]
  }
]
"""

_OUTPUT_BLOCK = """output [
  {
    name: "y"
    data_type: TYPE_FP32
    dims: [ 3 ]
  }
]
"""


CASES = (
    Case("typo-in-input-name", "the input is called X instead of x", "configured", edit("vectors", '"x"', '"X"')),
    Case("typo-in-output-name", "the output is called yy", "configured", edit("vectors", '"y"', '"yy"')),
    Case(
        "input-name-with-a-space",
        "a space slipped into a name",
        "configured",
        edit("vectors", 'name: "x"', 'name: "x "'),
    ),
    Case("input-without-a-name", "the name is empty", "configured", edit("vectors", 'name: "x"', 'name: ""')),
    Case("input-size-typo", "244 for 224, in small: 44 for 4", "configured", edit("vectors", "[ 4 ]", "[ 44 ]")),
    Case("output-size-typo", "1001 classes for 1000, in small", "configured", edit("vectors", "[ 3 ]", "[ 30 ]")),
    Case("input-of-any-size", "-1 where the graph has a fixed size", "configured", edit("vectors", "[ 4 ]", "[ -1 ]")),
    Case("output-of-any-size", "-1 for an output of a fixed size", "configured", edit("vectors", "[ 3 ]", "[ -1 ]")),
    Case("input-size-zero", "a size of 0", "configured", edit("vectors", "[ 4 ]", "[ 0 ]")),
    Case("input-size-minus-two", "a size of -2", "configured", edit("vectors", "[ 4 ]", "[ -2 ]")),
    Case("input-without-dims", "dims left out", "configured", edit("vectors", "    dims: [ 4 ]\n", "")),
    Case("output-without-dims", "dims left out", "configured", edit("vectors", "    dims: [ 3 ]\n", "")),
    Case("input-without-type", "data_type left out", "configured", edit("vectors", "    data_type: TYPE_FP32\n", "")),
    Case("input-with-the-batch-in-dims", "dims say [4, 4]", "configured", edit("vectors", "[ 4 ]", "[ 4, 4 ]")),
    Case("input-with-minus-one-batch", "dims say [-1, 4]", "configured", edit("vectors", "[ 4 ]", "[ -1, 4 ]")),
    Case("output-with-minus-one-batch", "dims say [-1, 3]", "configured", edit("vectors", "[ 3 ]", "[ -1, 3 ]")),
    Case("input-with-batch-of-one", "dims say [1, 4]", "configured", edit("vectors", "[ 4 ]", "[ 1, 4 ]")),
    Case("input-of-the-wrong-type", "FP16 for FP32", "configured", edit("vectors", "TYPE_FP32", "TYPE_FP16")),
    Case(
        "output-of-the-wrong-type",
        "FP64 for FP32",
        "configured",
        edit("vectors", 'name: "y"\n    data_type: TYPE_FP32', 'name: "y"\n    data_type: TYPE_FP64'),
    ),
    Case("input-type-bf16", "a type that is not served", "configured", edit("vectors", "TYPE_FP32", "TYPE_BF16")),
    Case("input-type-invalid", "TYPE_INVALID", "configured", edit("vectors", "TYPE_FP32", "TYPE_INVALID")),
    Case("input-type-unknown", "TYPE_FLOAT does not exist", "configured", edit("vectors", "TYPE_FP32", "TYPE_FLOAT32")),
    Case("input-type-of-numpy", "a type as numpy writes it", "configured", edit("vectors", "TYPE_FP32", "float32")),
    Case("input-left-out", "no input in the configuration", "configured", edit("vectors", _INPUT_BLOCK, "")),
    Case("output-left-out", "no output in the configuration", "configured", edit("vectors", _OUTPUT_BLOCK, "")),
    Case(
        "tensors-left-out",
        "neither input nor output: Triton reads them from the graph",
        "configured",
        all_of(edit("vectors", _INPUT_BLOCK, ""), edit("vectors", _OUTPUT_BLOCK, "")),
    ),
    Case(
        "tensors-and-batch-left-out",
        "Triton reads all from the graph",
        "configured",
        all_of(
            edit("vectors", _INPUT_BLOCK, ""),
            edit("vectors", _OUTPUT_BLOCK, ""),
            edit("vectors", "max_batch_size: 4\n", ""),
        ),
    ),
    Case(
        "input-twice",
        "the same input is there twice",
        "configured",
        edit("vectors", _INPUT_BLOCK, _INPUT_BLOCK + _INPUT_BLOCK),
    ),
    Case(
        "output-twice",
        "the same output is there twice",
        "configured",
        edit("vectors", _OUTPUT_BLOCK, _OUTPUT_BLOCK + _OUTPUT_BLOCK),
    ),
    Case(
        "one-input-missing",
        "one of two inputs was forgotten",
        "pair",
        edit("pair_of_inputs", 'input { name: "right" data_type: TYPE_INT64 dims: [3] }\n', ""),
    ),
    Case(
        "one-input-too-many",
        "an input that the graph does not have",
        "pair",
        edit(
            "pair_of_inputs",
            'output { name: "total"',
            'input { name: "middle" data_type: TYPE_FP32 dims: [2] }\noutput { name: "total"',
        ),
    ),
    Case(
        "output-subset",
        "only one of two outputs is served",
        "pair",
        edit("pair_of_inputs", 'output { name: "copy" data_type: TYPE_INT64 dims: [3] }\n', ""),
    ),
    Case(
        "output-that-is-not-there",
        "an output that the graph does not have",
        "pair",
        edit("pair_of_inputs", 'output { name: "copy"', 'output { name: "extra"'),
    ),
    Case(
        "inputs-reordered",
        "the order of the inputs does not matter",
        "pair",
        all_of(
            edit("pair_of_inputs", 'input { name: "left" data_type: TYPE_FP32 dims: [2] }\n', ""),
            edit(
                "pair_of_inputs",
                'output { name: "total"',
                'input { name: "left" data_type: TYPE_FP32 dims: [2] }\noutput { name: "total"',
            ),
        ),
    ),
    Case(
        "inputs-swapped",
        "the names of two inputs were exchanged",
        "pair",
        all_of(
            edit("pair_of_inputs", '"left"', '"tmp"'),
            edit("pair_of_inputs", '"right"', '"left"'),
            edit("pair_of_inputs", '"tmp"', '"right"'),
        ),
    ),
    Case("channels-last-dims", "NHWC sizes for a NCHW graph", "photo", edit("photo_scores", "[3, 8, 8]", "[8, 8, 3]")),
    Case(
        "channels-last-dims-and-format",
        "NHWC in dims and format for a NCHW graph",
        "photo",
        edit("photo_scores", "FORMAT_NCHW dims: [3, 8, 8]", "FORMAT_NHWC dims: [8, 8, 3]"),
    ),
    Case(
        "format-says-nhwc",
        "the format alone is wrong: nobody checks it",
        "photo",
        edit("photo_scores", "FORMAT_NCHW", "FORMAT_NHWC"),
    ),
    Case("format-left-out", "no format", "photo", edit("photo_scores", " format: FORMAT_NCHW", "")),
    Case(
        "format-of-a-vector",
        "a picture format on a vector",
        "configured",
        edit("vectors", "    dims: [ 4 ]", "    format: FORMAT_NCHW\n    dims: [ 4 ]"),
    ),
)
