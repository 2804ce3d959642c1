"""Configurations and environments of Python models."""

from export.lint.case import Case
from export.lint.edits import all_of, append, config, edit, remove, rename, rewrite
from export.lint.foreign import ONE_INSTANCE

_MODEL = "doubler/1/model.py"


CASES = (
    Case("python-file-missing", "model.py is missing", "python", remove(_MODEL), alone=True),
    Case(
        "python-file-of-another-name",
        "model.py is called main.py",
        "python",
        rename(_MODEL, "doubler/1/main.py"),
        alone=True,
    ),
    Case(
        "python-file-named",
        "main.py is named",
        "python",
        all_of(rename(_MODEL, "doubler/1/main.py"), append("doubler", 'default_model_filename: "main.py"\n')),
    ),
    Case(
        "python-file-beside-the-version",
        "model.py lies beside its version folder",
        "python",
        rename(_MODEL, "doubler/model.py"),
        alone=True,
    ),
    Case("python-no-version", "no version folder", "python", remove("doubler/1")),
    Case(
        "python-not-utf-8",
        "model.py is Latin-1",
        "python",
        rewrite(_MODEL, lambda content: b"# Gr\xf6\xdfe\n" + content),
    ),
    Case(
        "python-crlf",
        "model.py has line ends of Windows",
        "python",
        rewrite(_MODEL, lambda content: content.replace(b"\n", b"\r\n")),
    ),
    Case(
        "python-config-renames-input",
        "the configuration calls the input otherwise than execute",
        "python",
        edit("doubler", 'name: "x"', 'name: "z"'),
    ),
    Case(
        "python-output-named-as-the-input",
        "the output has the name of the input, and execute answers with another",
        "python",
        edit("doubler", 'output { name: "y"', 'output { name: "x"'),
    ),
    Case(
        "python-config-without-tensors",
        "the configuration names no tensors, and the model does not either",
        "python",
        config("doubler", 'backend: "python"\nmax_batch_size: 4\n' + ONE_INSTANCE),
    ),
    Case(
        "python-config-without-output",
        "the configuration names no output",
        "python",
        edit("doubler", 'output { name: "y" data_type: TYPE_FP32 dims: [2] }\n', ""),
    ),
    Case("python-without-config", "no configuration at all", "python", remove("doubler/config.pbtxt")),
    Case(
        "python-without-backend",
        "no backend: Triton looks at the file",
        "python",
        edit("doubler", 'backend: "python"\n', ""),
    ),
    Case("python-as-platform", "python as platform", "python", edit("doubler", "backend:", "platform:")),
    Case("python-backend-in-capitals", "Python in capitals", "python", edit("doubler", '"python"', '"Python"')),
    Case("python-more-rows", "more rows", "python", edit("doubler", "max_batch_size: 4", "max_batch_size: 64")),
    Case("python-no-batches", "no batch axis", "python", edit("doubler", "max_batch_size: 4", "max_batch_size: 0")),
    Case(
        "python-environment-missing",
        "an execution environment that is not there",
        "python",
        append("doubler", 'parameters { key: "EXECUTION_ENV_PATH" value { string_value: "/nowhere/env.tar.gz" } }\n'),
    ),
)
