"""Types, sizes and batches of an ensemble's tensors against those of its steps."""

from export.lint.case import Case
from export.lint.edits import all_of, append, edit

CASES = (
    Case(
        "output-of-ensemble-left-out",
        "the ensemble has no output",
        "chain",
        edit("chain", 'output [ { name: "TOTAL" data_type: TYPE_FP32 dims: [ 1 ] } ]\n', ""),
    ),
    Case(
        "input-of-ensemble-left-out",
        "the ensemble has no input",
        "chain",
        edit("chain", 'input [ { name: "TEXT" data_type: TYPE_STRING dims: [ 1 ] } ]\n', ""),
    ),
    Case(
        "input-of-ensemble-as-output",
        "an output that is also an input",
        "chain",
        edit("chain", "output [ {", 'output [ { name: "TEXT" data_type: TYPE_STRING dims: [ 1 ] }, {'),
    ),
    Case(
        "ensemble-input-type",
        "the ensemble's input has another type than its step's",
        "chain",
        edit("chain", "TYPE_STRING", "TYPE_UINT8"),
    ),
    Case(
        "ensemble-output-type",
        "the ensemble's output has another type than its step's",
        "chain",
        edit("chain", "TYPE_FP32", "TYPE_FP64"),
    ),
    Case(
        "ensemble-input-size",
        "the ensemble's input has another size than its step's",
        "chain",
        edit("chain", "TYPE_STRING dims: [ 1 ]", "TYPE_STRING dims: [ 2 ]"),
    ),
    Case(
        "ensemble-input-any-size",
        "the ensemble's input varies, its step's does not",
        "chain",
        edit("chain", "TYPE_STRING dims: [ 1 ]", "TYPE_STRING dims: [ -1 ]"),
    ),
    Case(
        "ensemble-output-size",
        "the ensemble's output has another size than its step's",
        "chain",
        edit("chain", "TYPE_FP32 dims: [ 1 ]", "TYPE_FP32 dims: [ 2 ]"),
    ),
    Case(
        "ensemble-output-any-size",
        "the ensemble's output varies, its step's does not",
        "chain",
        edit("chain", "TYPE_FP32 dims: [ 1 ]", "TYPE_FP32 dims: [ -1 ]"),
    ),
    Case(
        "ensemble-output-rank",
        "the ensemble's output has one axis more than its step's",
        "chain",
        edit("chain", "TYPE_FP32 dims: [ 1 ]", "TYPE_FP32 dims: [ 1, 1 ]"),
    ),
    Case(
        "step-input-size",
        "a step takes another size than the step before gives",
        "chain",
        edit("chain_second", "dims: [4]", "dims: [5]"),
    ),
    Case("step-input-any-size", "a step takes any size", "chain", edit("chain_second", "dims: [4]", "dims: [-1]")),
    Case(
        "step-input-type",
        "a step takes another type than the step before gives",
        "chain",
        edit("chain_second", 'name: "values" data_type: TYPE_FP32', 'name: "values" data_type: TYPE_FP16'),
    ),
    Case(
        "step-input-renamed",
        "an input of a step was renamed in its own configuration",
        "chain",
        edit("chain_second", '"values"', '"value"'),
    ),
    Case(
        "step-input-added",
        "a step got a second input",
        "chain",
        append("chain_second", 'input { name: "scale" data_type: TYPE_FP32 dims: [1] }\n'),
    ),
    Case(
        "step-optional-input-added",
        "a step got a second input that is optional",
        "chain",
        append("chain_second", 'input { name: "scale" data_type: TYPE_FP32 dims: [1] optional: true }\n'),
    ),
    Case(
        "step-with-fewer-rows",
        "a step takes fewer rows than the ensemble promises",
        "chain",
        edit("chain_second", "max_batch_size: 8", "max_batch_size: 4"),
        ("chain", "chain_second"),
    ),
    Case(
        "step-without-batches",
        "a step has no batch axis, the ensemble has",
        "chain",
        edit("chain_second", "max_batch_size: 8", "max_batch_size: 0"),
        ("chain", "chain_second"),
    ),
    Case(
        "inner-ensemble-with-fewer-rows",
        "the inner ensemble takes fewer rows",
        "nested",
        edit("inner", "max_batch_size: 4", "max_batch_size: 2"),
        ("outer", "inner"),
    ),
    Case("exported-more-scores", "the ensemble promises ten scores", "exported", edit("digits", "dims: 3", "dims: 10")),
    Case(
        "exported-image-as-uint8",
        "the ensemble takes pixels, its step takes files",
        "exported",
        edit("digits", "TYPE_STRING", "TYPE_UINT8"),
    ),
    Case(
        "generator-noise-too-long",
        "the noise has five numbers, the network takes four",
        "generator",
        all_of(
            edit("noise_normal_4", "dims: 4", "dims: 5"),
            edit("noise_normal_4", 'string_value: "4"', 'string_value: "5"'),
        ),
    ),
)
