"""Python models that complete their configuration."""

from export.lint.case import Case
from export.lint.edits import append, remove, write
from export.lint.foreign_python import SELF_DESCRIBED

_AUTO = "self_described/1/model.py"


def _auto(old: str, new: str) -> str:
    assert old in SELF_DESCRIBED, old
    return SELF_DESCRIBED.replace(old, new)


_POLICY = '        auto_complete_model_config.set_model_transaction_policy({"decoupled": False})\n'


CASES = (
    Case(
        "auto-with-config",
        "the configuration says what the model says",
        "python_auto",
        append(
            "self_described",
            'max_batch_size: 4\ninput { name: "x" data_type: TYPE_FP32 dims: [2] }\n'
            'output { name: "y" data_type: TYPE_FP32 dims: [2] }\n',
        ),
    ),
    Case(
        "auto-against-type",
        "the configuration says another type than the model",
        "python_auto",
        append("self_described", 'input { name: "x" data_type: TYPE_INT32 dims: [2] }\n'),
    ),
    Case(
        "auto-against-dims",
        "the configuration says another size than the model",
        "python_auto",
        append("self_described", 'input { name: "x" data_type: TYPE_FP32 dims: [3] }\n'),
    ),
    Case(
        "auto-against-batch",
        "the configuration promises more rows than the model",
        "python_auto",
        append("self_described", "max_batch_size: 8\n"),
    ),
    Case(
        "auto-below-batch",
        "the configuration promises fewer rows than the model",
        "python_auto",
        append("self_described", "max_batch_size: 2\n"),
    ),
    Case(
        "auto-extra-input",
        "the configuration has an input more than the model",
        "python_auto",
        append("self_described", 'input { name: "z" data_type: TYPE_FP32 dims: [2] }\n'),
    ),
    Case(
        "auto-without-config",
        "no configuration at all: Triton finds model.py",
        "python_auto",
        remove("self_described/config.pbtxt"),
    ),
    Case(
        "auto-raises",
        "auto_complete_config raises",
        "python_auto",
        write(_AUTO, _auto("        return auto_complete_model_config", '        raise RuntimeError("no")')),
    ),
    Case(
        "auto-returns-nothing",
        "auto_complete_config forgets its return",
        "python_auto",
        write(_AUTO, _auto("        return auto_complete_model_config\n", "")),
    ),
    Case(
        "auto-not-static",
        "auto_complete_config is no static method",
        "python_auto",
        write(_AUTO, _auto("    @staticmethod\n", "")),
    ),
    Case(
        "auto-without-dims",
        "auto_complete_config forgets dims",
        "python_auto",
        write(_AUTO, _auto(', "dims": [2]', "")),
    ),
    Case(
        "auto-transaction-policy",
        "the model says that it is not decoupled",
        "python_auto",
        write(_AUTO, _auto("        return auto", _POLICY + "        return auto")),
    ),
    Case(
        "auto-decoupled",
        "the model says that it is decoupled, and answers as if it was not",
        "python_auto",
        write(_AUTO, _auto("        return auto", _POLICY.replace("False", "True") + "        return auto")),
    ),
)
