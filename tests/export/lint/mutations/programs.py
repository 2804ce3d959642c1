"""The programs of Python models."""

from export.lint.case import Case
from export.lint.edits import all_of, write
from export.lint.foreign_python import DOUBLER

_MODEL = "doubler/1/model.py"


def _doubler(old: str, new: str) -> str:
    assert old in DOUBLER, old
    return DOUBLER.replace(old, new)


CASES = (
    Case(
        "python-syntax-error", "a colon is missing", "python", write(_MODEL, _doubler("(self, args):", "(self, args)"))
    ),
    Case(
        "python-indentation",
        "tabs and spaces were mixed",
        "python",
        write(_MODEL, _doubler("        self.name", "\tself.name")),
    ),
    Case(
        "python-2-print",
        "a print statement of Python 2",
        "python",
        write(_MODEL, _doubler("self.name =", 'print "hello"\n        self.name =')),
    ),
    Case(
        "python-class-renamed",
        "the class has another name",
        "python",
        write(_MODEL, _doubler("TritonPythonModel", "Doubler")),
    ),
    Case("python-no-execute", "there is no execute", "python", write(_MODEL, _doubler("def execute", "def run"))),
    Case("python-empty", "model.py is empty", "python", write(_MODEL, "")),
    Case(
        "python-missing-import",
        "a module that is not installed",
        "python",
        write(_MODEL, "import left_pad_for_tensors\n" + DOUBLER),
    ),
    Case(
        "python-missing-import-inside",
        "a module that is not installed, in initialize",
        "python",
        write(_MODEL, _doubler("self.name =", "import left_pad_for_tensors\n        self.name =")),
    ),
    Case(
        "python-missing-name-of-a-module",
        "a name that a module does not have",
        "python",
        write(_MODEL, "from json import parse\n" + DOUBLER),
    ),
    Case(
        "python-optional-import",
        "a module that is not installed, caught",
        "python",
        write(
            _MODEL,
            "try:\n    import left_pad_for_tensors\nexcept ImportError:\n    left_pad_for_tensors = None\n" + DOUBLER,
        ),
    ),
    Case(
        "python-import-of-type-checking",
        "a module that is not installed, for types only",
        "python",
        write(
            _MODEL, "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import left_pad_for_tensors\n" + DOUBLER
        ),
    ),
    Case(
        "python-module-beside-it",
        "a module of its own beside it",
        "python",
        all_of(write("doubler/1/factor.py", "FACTOR = 2\n"), write(_MODEL, "from factor import FACTOR\n" + DOUBLER)),
    ),
    Case(
        "python-module-beside-it-missing",
        "a module of its own that was not copied",
        "python",
        write(_MODEL, "from factor import FACTOR\n" + DOUBLER),
    ),
    Case(
        "python-module-in-the-model-folder",
        "a module of its own in the model's folder",
        "python",
        all_of(write("doubler/factor.py", "FACTOR = 2\n"), write(_MODEL, "from factor import FACTOR\n" + DOUBLER)),
    ),
    Case(
        "python-raises-in-initialize",
        "initialize raises",
        "python",
        write(_MODEL, _doubler("self.name =", 'raise ValueError("no weights")\n        self.name =')),
    ),
    Case(
        "python-undefined-name",
        "a name that nobody defined, in initialize",
        "python",
        write(_MODEL, _doubler('args["model_name"]', "nmae")),
    ),
    Case(
        "python-undefined-name-at-the-top",
        "a name that nobody defined, in the module",
        "python",
        write(_MODEL, DOUBLER + "\nprint(nmae)\n"),
    ),
    Case(
        "python-wrong-key-in-initialize",
        "a key that the arguments do not have",
        "python",
        write(_MODEL, _doubler('args["model_name"]', 'args["name"]')),
    ),
    Case(
        "python-initialize-without-args",
        "initialize takes no arguments",
        "python",
        write(_MODEL, _doubler("initialize(self, args)", "initialize(self)")),
    ),
    Case(
        "python-no-initialize",
        "there is no initialize, which is fine",
        "python",
        write(_MODEL, _doubler('    def initialize(self, args):\n        self.name = args["model_name"]\n\n', "")),
    ),
    Case(
        "python-missing-file-in-initialize",
        "initialize opens a file that is not there",
        "python",
        write(_MODEL, _doubler("self.name =", 'open("/nowhere/weights.bin")\n        self.name =')),
    ),
    Case(
        "python-newer-syntax",
        "syntax of a newer Python than Triton's",
        "python",
        write(_MODEL, DOUBLER + "\ntype Number = int | float\n"),
    ),
    Case(
        "python-wrong-output-name",
        "execute answers with another name: loads, answers nothing",
        "python",
        write(_MODEL, _doubler('Tensor("y"', 'Tensor("z"')),
    ),
    Case(
        "python-wrong-input-name",
        "execute looks for another name: loads, answers nothing",
        "python",
        write(_MODEL, _doubler('(request, "x")', '(request, "input")')),
    ),
    Case(
        "python-reads-its-config",
        "initialize reads the configuration",
        "python",
        write(_MODEL, "import json\n" + _doubler('args["model_name"]', 'json.loads(args["model_config"])["name"]')),
    ),
)
