"""Python models that load and answer, though a reader in a hurry would not think so: lint must not accuse them."""

from export.lint.case import Case
from export.lint.edits import all_of, append, write
from export.lint.foreign_python import DOUBLER

_MODEL = "doubler/1/model.py"
_IMPORT = "import triton_python_backend_utils as pb_utils\n"
_INITIALIZE = """    def initialize(self, args):
        self.name = args["model_name"]
"""
_COMPLETE = "    @staticmethod\n    def auto_complete_config(config):\n"
_NOTE = '{"name": "note", "data_type": "TYPE_FP32", "dims": [2]}'


def _replaced(old: str, new: str) -> str:
    assert old in DOUBLER, old
    return DOUBLER.replace(old, new)


def _top(*lines: str) -> str:
    """Statements after the import."""
    return _replaced(_IMPORT, _IMPORT + "\n".join(lines) + "\n")


def _initialize(*lines: str) -> str:
    return _replaced(_INITIALIZE, "    def initialize(self, args):\n" + "".join(f"        {line}\n" for line in lines))


def _complete(*lines: str) -> str:
    return _replaced(_INITIALIZE, _COMPLETE + "".join(f"        {line}\n" for line in lines) + "\n" + _INITIALIZE)


_SOURCES = {
    "import-suppressed": _top(
        "from contextlib import suppress", "with suppress(ImportError):", "    import left_pad_for_tensors"
    ),
    "class-cell": _initialize("super(__class__, self).__init__()"),
    "builtins-name": _top("KNOWN = __builtins__, __file__, __spec__"),
    "name-from-globals": _top("globals()['FACTOR'] = 2", "TWICE = FACTOR"),
    "name-from-exec": _top("exec('FACTOR = 2')", "TWICE = FACTOR"),
    "name-from-a-later-global": _top("def make():", "    global FACTOR", "    FACTOR = 2", "make()", "TWICE = FACTOR"),
    "name-in-an-empty-loop": _top("NOTHING = [left_pad for one in []]"),
    "raise-after-return": _initialize("if 'model_name' in args:", "    return", "raise RuntimeError('no name')"),
    "raise-in-a-match": _initialize("match 1:", "    case 1:", "        return", "raise RuntimeError"),
    "args-bound-again": _initialize(
        "import json", "args = json.loads(args['model_config'])", "self.rows = args['max_batch_size']"
    ),
    "args-with-more": _initialize("args['more'] = 1", "self.more = args['more']"),
    "file-opened-for-appending": _initialize(
        "import os", "open('/tmp/sightline-lawful-log', mode='a').close()", "os.remove('/tmp/sightline-lawful-log')"
    ),
    "file-made-before": _initialize(
        "import os",
        "os.system('echo 1 > /tmp/sightline-lawful-made')",
        "self.text = open('/tmp/sightline-lawful-made').read()",
        "os.remove('/tmp/sightline-lawful-made')",
    ),
    "file-suppressed": _initialize(
        "from contextlib import suppress", "with suppress(OSError):", "    open('/nowhere/weights.bin')"
    ),
    "exec-of-a-database": _initialize(
        "class Base:", "    def exec(self, query):", "        return query", "self.rows = Base().exec('select 1')"
    ),
    "initialize-assigned": _initialize("raise RuntimeError") + "\n    initialize = lambda self, args: None\n",
    "execute-assigned": _replaced("def execute(", "def _run(") + "\n    execute = _run\n",
    "execute-assigned-later": _replaced("def execute(", "def run(")
    + "\n\nTritonPythonModel.execute = TritonPythonModel.run\n",
    "class-by-another-name": _replaced("class TritonPythonModel", "class Doubler")
    + "\n\nTritonPythonModel = Doubler\n",
    "output-for-debugging": _replaced('Tensor("y", x * 2)]', 'Tensor("y", x * 2), pb_utils.Tensor("debug", x)]'),
    "input-perhaps-there": _replaced(
        "            responses.append",
        '            mask = pb_utils.get_input_tensor_by_name(request, "mask")\n'
        "            if mask:\n                x = x * mask.as_numpy()\n            responses.append",
    ),
    "completion-where-nothing-is-said": _complete(
        "if config.as_dict()['max_batch_size'] == 0:", "    config.set_max_batch_size(2)", "return config"
    ),
    "completion-that-returns-early": _complete(
        "if config.as_dict()['input']:",
        "    return config",
        'config.add_input({"name": "x", "data_type": "TYPE_FP32", "dims": [-1]})',
        "return config",
    ),
    "completion-bound-again": _complete(
        "import os",
        "size = 2",
        "size = int(os.environ.get('ROWS', '4'))",
        "config.set_max_batch_size(size)",
        "return config",
    ),
    "completion-by-the-environment": _complete(
        "import os", "if os.environ.get('ROWS'):", "    config.set_max_batch_size(2)", "return config"
    ),
    "completion-as-in-the-manual": _complete(
        "names = []",
        "for one in config.as_dict()['input']:",
        "    names.append(one['name'])",
        'for one in [{"name": "x", "data_type": "TYPE_FP16", "dims": [7]}]:',
        "    if one['name'] not in names:",
        "        config.add_input(one)",
        "return config",
    ),
    "deep-expression": _top(f"TEXT = {' + '.join(['1'] * 1500)}"),
}


CASES = (
    *(Case(f"lawful-{id}", f"lawful: {id}", "python", write(_MODEL, source)) for id, source in _SOURCES.items()),
    Case(
        "lawful-path-of-modules",
        "a module in a folder that the source adds to sys.path",
        "python",
        all_of(
            write(
                _MODEL,
                _top(
                    "import os, sys",
                    "sys.path.append(os.path.dirname(__file__) + '/lib')",
                    "from lint_factor import FACTOR",
                ),
            ),
            write("doubler/1/lib/lint_factor.py", "FACTOR = 2\n"),
        ),
    ),
    Case(
        "lawful-module-that-adds-a-path",
        "a module of its own adds to sys.path",
        "python",
        all_of(
            write(_MODEL, _top("import lint_paths", "from lint_other_factor import FACTOR")),
            write("doubler/1/lint_paths.py", "import os, sys\nsys.path.append(os.path.dirname(__file__) + '/lib')\n"),
            write("doubler/1/lib/lint_other_factor.py", "FACTOR = 2\n"),
        ),
    ),
    Case(
        "completion-against-decoupled",
        "auto_complete_config makes a model decoupled that is said not to be",
        "python",
        all_of(
            write(_MODEL, _complete('config.set_model_transaction_policy({"decoupled": True})', "return config")),
            append("doubler", "model_transaction_policy { decoupled: false }\n"),
        ),
    ),
    Case(
        "completion-returns-inside-only",
        "auto_complete_config has a return, in a function inside it",
        "python",
        write(_MODEL, _complete("def inner():", "    return config", "config.as_dict()")),
    ),
    Case(
        "completion-of-an-unknown-type",
        "auto_complete_config adds an output whose type is none: it loads all the same, and does not make it",
        "python",
        write(_MODEL, _complete(f"config.add_output({_NOTE.replace('TYPE_', '')})", "return config")),
    ),
)
