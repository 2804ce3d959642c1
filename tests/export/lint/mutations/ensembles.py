"""The steps of ensembles, and what else their configurations say."""

from export.lint.case import Case
from export.lint.edits import all_of, append, config, edit, folder, remove, rename, write
from export.lint.foreign_ensembles import CHAIN

_STEPS = CHAIN[CHAIN.index("ensemble_scheduling") :]


CASES = (
    Case(
        "step-unknown", "a step that is not in the repository", "chain", edit("chain", '"chain_first"', '"chain_frist"')
    ),
    Case(
        "step-without-name", "a step without a model", "chain", edit("chain", '      model_name: "chain_first"\n', "")
    ),
    Case("step-removed", "the folder of a step was removed", "chain", remove("chain_second")),
    Case("step-renamed", "the folder of a step was renamed", "chain", all_of(rename("chain_second", "chain_last"))),
    Case("step-without-version", "the version folder of a step is missing", "chain", remove("chain_second/1")),
    Case(
        "step-broken",
        "a step does not load",
        "chain",
        write("chain_second/1/model.py", "class TritonPythonModel"),
        ("chain", "chain_second"),
    ),
    Case(
        "step-version-there",
        "version 1 of a step is asked for",
        "chain",
        edit("chain", "model_version: -1", "model_version: 1"),
    ),
    Case(
        "step-version-missing",
        "version 2 of a step is asked for",
        "chain",
        edit("chain", "model_version: -1", "model_version: 2"),
    ),
    Case(
        "step-version-left-out",
        "no version of a step is asked for",
        "chain",
        edit("chain", "      model_version: -1\n", ""),
    ),
    Case(
        "step-version-zero",
        "version 0 of a step is asked for",
        "chain",
        edit("chain", "model_version: -1", "model_version: 0"),
    ),
    Case(
        "step-is-the-ensemble-itself",
        "a step is the ensemble itself",
        "chain",
        edit("chain", 'model_name: "chain_first"', 'model_name: "chain"'),
    ),
    Case(
        "steps-reordered",
        "the order in the file does not matter",
        "chain",
        config(
            "chain",
            CHAIN[: CHAIN.index('    {\n      model_name: "chain_first"')]
            + CHAIN[CHAIN.index('    {\n      model_name: "chain_second"') : CHAIN.index("  ]\n}")].rstrip()
            + ",\n"
            + CHAIN[
                CHAIN.index('    {\n      model_name: "chain_first"') : CHAIN.index(
                    '    },\n    {\n      model_name: "chain_second"'
                )
            ]
            + "    }\n"
            + CHAIN[CHAIN.index("  ]\n}") :],
        ),
    ),
    Case("no-steps", "an ensemble without steps", "chain", edit("chain", _STEPS, "ensemble_scheduling { }\n")),
    Case("no-scheduling", "an ensemble without ensemble_scheduling", "chain", edit("chain", _STEPS, "")),
    Case("no-platform", "steps, but no platform", "chain", edit("chain", 'platform: "ensemble"\n', "")),
    Case("platform-typo", "the platform is called ensembles", "chain", edit("chain", '"ensemble"', '"ensembles"')),
    Case(
        "ensemble-as-backend",
        "ensemble as backend instead of platform",
        "chain",
        edit("chain", "platform:", "backend:"),
    ),
    Case("ensemble-without-version", "an ensemble without a version folder", "chain", remove("chain/1")),
    Case(
        "ensemble-with-instances",
        "an ensemble with an instance group",
        "chain",
        append("chain", "instance_group { count: 1 kind: KIND_CPU }\n"),
    ),
    Case(
        "ensemble-with-dynamic-batching",
        "an ensemble with dynamic batching",
        "chain",
        append("chain", "dynamic_batching { }\n"),
    ),
    Case(
        "ensemble-with-parameters",
        "an ensemble with parameters",
        "chain",
        append("chain", 'parameters { key: "task" value { string_value: "counting" } }\n'),
    ),
    Case(
        "ensemble-with-a-graph",
        "a model file in an ensemble's version folder",
        "chain",
        write("chain/1/model.onnx", "onnx"),
    ),
    Case("ensemble-version-two", "an ensemble's version is 2, its steps' is 1", "chain", rename("chain/1", "chain/2")),
    Case("inner-ensemble-missing", "the inner ensemble was removed", "nested", remove("inner")),
    Case(
        "inner-ensemble-is-the-outer",
        "two ensembles hold each other",
        "nested",
        edit("inner", 'model_name: "nested_step"', 'model_name: "outer"'),
    ),
    Case(
        "nested-step-missing",
        "the step of the inner ensemble was removed",
        "nested",
        remove("nested_step"),
        ("outer", "inner"),
    ),
    Case(
        "exported-step-unknown",
        "the decoding step was renamed in the ensemble only",
        "exported",
        edit("digits", '"pixels_rgb_8x8_squash"', '"pixels_rgb_8x8_crop"'),
    ),
    Case("exported-step-missing", "the decoding step was not copied", "exported", remove("pixels_rgb_8x8_squash")),
    Case("exported-network-missing", "the network was not copied", "exported", remove("digits_network")),
    Case(
        "exported-labels-parameter",
        "the labels parameter is no JSON",
        "exported",
        edit("digits", '[\\"zero\\"', "zero"),
    ),
    Case(
        "exported-task-unknown",
        "a task that nobody knows",
        "exported",
        edit("digits", "image-classification", "image-divination"),
    ),
    Case(
        "stray-building-folder",
        "a killed export left its folder behind",
        "exported",
        write(".building/123-abc/digits/config.pbtxt", "name:"),
    ),
    Case("empty-step-folder", "a folder for a second model was made", "chain", folder("chain_third")),
)
