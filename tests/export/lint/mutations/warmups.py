"""Warm-up requests."""

from export.lint.case import Case
from export.lint.edits import all_of, edit, write

CASES = (
    Case(
        "warmup-of-another-size",
        "the warm-up has another size",
        "warmed",
        edit("warmed_up", "dims: [4] zero_data", "dims: [5] zero_data"),
    ),
    Case(
        "warmup-of-another-type",
        "the warm-up has another type",
        "warmed",
        edit("warmed_up", "value { data_type: TYPE_FP32", "value { data_type: TYPE_INT32"),
    ),
    Case(
        "warmup-of-an-unknown-input",
        "the warm-up names an input that is not there",
        "warmed",
        edit("warmed_up", 'key: "x"', 'key: "z"'),
    ),
    Case(
        "warmup-too-large",
        "the warm-up has more rows than the maximum",
        "warmed",
        edit("warmed_up", "batch_size: 2", "batch_size: 8"),
    ),
    Case(
        "warmup-file-missing",
        "the file of a warm-up is missing",
        "warmed",
        edit("warmed_up", "zero_data: true", 'input_data_file: "rows.bin"'),
    ),
    Case(
        "warmup-random",
        "a warm-up with random numbers",
        "warmed",
        edit("warmed_up", "zero_data: true", "random_data: true"),
    ),
    Case(
        "warmup-file",
        "a warm-up from a file",
        "warmed",
        all_of(
            edit("warmed_up", "zero_data: true", 'input_data_file: "rows.bin"'),
            write("warmed_up/warmup/rows.bin", bytes(32)),
        ),
    ),
    Case(
        "warmup-file-too-short",
        "the file of a warm-up is too short",
        "warmed",
        all_of(
            edit("warmed_up", "zero_data: true", 'input_data_file: "rows.bin"'),
            write("warmed_up/warmup/rows.bin", bytes(3)),
        ),
    ),
    Case(
        "warmup-without-input",
        "a warm-up without inputs",
        "warmed",
        edit("warmed_up", '  inputs { key: "x" value { data_type: TYPE_FP32 dims: [4] zero_data: true } }\n', ""),
    ),
)
