"""The maps between the tensors of an ensemble and those of its steps."""

from export.lint.case import Case
from export.lint.edits import all_of, append, edit

_NETWORK_OUTPUT = """    output_map {
      key: "SCORES"
      value: "SCORES"
    }
"""


CASES = (
    Case("input-key-typo", "the key of an input map has a typo", "chain", edit("chain", 'key: "text"', 'key: "txt"')),
    Case(
        "output-key-typo",
        "the key of an output map has a typo",
        "chain",
        edit("chain", 'key: "numbers"', 'key: "number"'),
    ),
    Case(
        "map-the-wrong-way-round",
        "key and value of an input map were exchanged",
        "chain",
        edit("chain", 'key: "text" value: "TEXT"', 'key: "TEXT" value: "text"'),
    ),
    Case(
        "output-map-the-wrong-way-round",
        "key and value of an output map were exchanged",
        "chain",
        edit("chain", 'key: "total" value: "TOTAL"', 'key: "TOTAL" value: "total"'),
    ),
    Case(
        "input-value-typo",
        "nobody makes the tensor that a step takes",
        "chain",
        edit("chain", 'key: "values" value: "between"', 'key: "values" value: "betwen"'),
    ),
    Case(
        "output-value-typo",
        "nobody makes the output of the ensemble",
        "chain",
        edit("chain", 'value: "TOTAL"', 'value: "TOTALS"'),
    ),
    Case(
        "input-unmapped",
        "an input of a step is not mapped",
        "fork",
        edit("fork", '    input_map { key: "b" value: "high_done" }\n', ""),
    ),
    Case(
        "input-map-empty",
        "a step without an input map",
        "chain",
        edit("chain", '      input_map { key: "text" value: "TEXT" }\n', ""),
    ),
    Case(
        "output-map-empty",
        "a step without an output map",
        "chain",
        edit("chain", '      output_map { key: "numbers" value: "between" }\n', ""),
    ),
    Case(
        "output-unmapped",
        "one of two outputs of a step is not used",
        "fork",
        all_of(
            edit("fork", '    output_map { key: "high" value: "high" }\n', ""),
            edit("fork", '{ key: "part" value: "high" }', '{ key: "part" value: "low" }'),
        ),
    ),
    Case(
        "output-unused",
        "an inner tensor that nobody takes",
        "fork",
        edit("fork", '{ key: "part" value: "high" }', '{ key: "part" value: "low" }'),
    ),
    Case(
        "input-key-twice",
        "an input of a step is mapped twice",
        "chain",
        edit(
            "chain",
            'input_map { key: "text" value: "TEXT" }',
            'input_map { key: "text" value: "TEXT" } input_map { key: "text" value: "TEXT" }',
        ),
    ),
    Case(
        "tensor-made-twice",
        "two steps make the same tensor",
        "fork",
        edit("fork", 'key: "done" value: "high_done"', 'key: "done" value: "low_done"'),
    ),
    Case(
        "input-of-ensemble-unused",
        "an input of the ensemble that no step takes",
        "chain",
        edit("chain", "input [ {", 'input [ { name: "EXTRA" data_type: TYPE_FP32 dims: [ 1 ] }, {'),
    ),
    Case(
        "output-of-ensemble-not-made",
        "an output of the ensemble that no step makes",
        "chain",
        edit("chain", "output [ {", 'output [ { name: "EXTRA" data_type: TYPE_FP32 dims: [ 1 ] }, {'),
    ),
    Case(
        "output-of-ensemble-in-between",
        "an inner tensor is an output too",
        "chain",
        edit("chain", "output [ {", 'output [ { name: "between" data_type: TYPE_FP32 dims: [ 4 ] }, {'),
    ),
    Case(
        "cycle",
        "the second step feeds the first",
        "chain",
        edit("chain", 'key: "text" value: "TEXT"', 'key: "text" value: "TOTAL"'),
    ),
    Case(
        "step-feeds-itself",
        "a step takes what it makes",
        "fork",
        edit("fork", 'key: "part" value: "low"', 'key: "part" value: "low_done"'),
    ),
    Case(
        "ensemble-name-of-a-tensor",
        "an inner tensor was renamed in both places",
        "chain",
        edit("chain", '"between"', '"numbers_of_text"', -1),
    ),
    Case(
        "branch-lost",
        "one branch ends in nothing",
        "fork",
        edit("fork", 'key: "b" value: "high_done"', 'key: "b" value: "low_done"'),
    ),
    Case(
        "branch-typo",
        "a branch starts from nothing",
        "fork",
        edit("fork", 'key: "part" value: "high"', 'key: "part" value: "hihg"'),
    ),
    Case(
        "exported-output-unmapped",
        "the output of the network is not mapped",
        "exported",
        edit("digits", _NETWORK_OUTPUT, ""),
    ),
    Case(
        "exported-scores-typo",
        "the output of the ensemble has a typo",
        "exported",
        edit("digits", 'name: "SCORES"', 'name: "SCORE"'),
    ),
    Case(
        "generator-steps-swapped",
        "the noise goes to the encoder",
        "generator",
        edit("painter", 'value: "noise"\n    }\n  }', 'value: "pixels"\n    }\n  }'),
    ),
    Case(
        "step-output-declared-twice",
        "a step declares its output twice, which it may; an ensemble over it may not",
        "chain",
        append("chain_second", 'output { name: "total" data_type: TYPE_FP32 dims: [1] }\n'),
        ("chain", "chain_second"),
    ),
)
