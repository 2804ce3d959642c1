"""The text of config.pbtxt: syntax, unknown fields, and where it lies."""

from export.lint.case import Case
from export.lint.edits import all_of, append, config, edit, remove, rename, write

_PATH = "vectors/config.pbtxt"


CASES = (
    Case("brace-missing", "a closing brace is missing", "configured", edit("vectors", "  }\n]\noutput", "]\noutput")),
    Case("brace-too-many", "one closing brace too many", "configured", append("vectors", "}\n")),
    Case("quote-missing", "a quote is missing", "configured", edit("vectors", 'name: "x"', 'name: "x')),
    Case("quotes-forgotten", "a name without quotes", "configured", edit("vectors", 'name: "x"', "name: x")),
    Case(
        "colon-missing",
        "a colon is missing before a number",
        "configured",
        edit("vectors", "max_batch_size: 4", "max_batch_size 4"),
    ),
    Case("equals-sign", "= for a colon", "configured", edit("vectors", "max_batch_size: 4", "max_batch_size = 4")),
    Case(
        "comma-after-a-field",
        "a comma at the end of a line",
        "configured",
        edit("vectors", "max_batch_size: 4\n", "max_batch_size: 4,\n"),
    ),
    Case("comma-missing-in-dims", "no comma between sizes", "photo", edit("photo_scores", "[3, 8, 8]", "[3 8 8]")),
    Case(
        "comma-too-many-in-dims",
        "a comma after the last size",
        "photo",
        edit("photo_scores", "[3, 8, 8]", "[3, 8, 8,]"),
    ),
    Case(
        "comma-too-many-in-a-list",
        "a comma after the last element of a list",
        "configured",
        edit("vectors", "  }\n]\noutput", "  },\n]\noutput"),
    ),
    Case("round-brackets", "dims in round brackets", "photo", edit("photo_scores", "[3, 8, 8]", "(3, 8, 8)")),
    Case(
        "json-config",
        "the configuration is JSON",
        "configured",
        config("vectors", '{"name": "vectors", "max_batch_size": 4}\n'),
    ),
    Case(
        "yaml-config",
        "the configuration is YAML",
        "configured",
        config("vectors", "name: vectors\ninput:\n  - name: x\n"),
    ),
    Case("unknown-field", "a field that Triton does not know", "configured", append("vectors", "max_batchsize: 4\n")),
    Case("unknown-field-in-a-tensor", "shape for dims", "configured", edit("vectors", "dims: [ 4 ]", "shape: [ 4 ]")),
    Case("inputs-for-input", "inputs for input", "configured", edit("vectors", "input [", "inputs [")),
    Case("datatype-for-data-type", "datatype for data_type", "configured", edit("vectors", "data_type", "datatype")),
    Case(
        "wrong-type-of-comment",
        "// starts no comment",
        "configured",
        edit("vectors", "max_batch_size", "// rows\nmax_batch_size"),
    ),
    Case(
        "name-is-another",
        "the name is not that of the folder",
        "configured",
        edit("vectors", '"vectors"', '"other_vectors"'),
    ),
    Case("name-left-out", "the folder gives the name", "configured", edit("vectors", 'name: "vectors"\n', "")),
    Case("name-empty", "an empty name", "configured", edit("vectors", 'name: "vectors"', 'name: ""')),
    Case("name-twice", "the name is there twice", "configured", append("vectors", 'name: "vectors"\n')),
    Case("empty-config", "an empty file: Triton reads all from the graph", "configured", config("vectors", "")),
    Case("config-of-comments", "only comments", "configured", config("vectors", "# to be written\n")),
    Case("no-config", "no config.pbtxt: Triton reads all from the graph", "configured", remove(_PATH)),
    Case(
        "config-is-a-folder",
        "config.pbtxt is a folder",
        "configured",
        all_of(remove(_PATH), write(_PATH + "/readme.txt", "moved")),
        alone=True,
    ),
    Case(
        "config-in-the-version-folder",
        "config.pbtxt lies beside the graph and is not read",
        "photo",
        rename("photo_scores/config.pbtxt", "photo_scores/1/config.pbtxt"),
    ),
    Case(
        "config-called-pbtext",
        "the file is called config.pbtext and is not read",
        "photo",
        rename("photo_scores/config.pbtxt", "photo_scores/config.pbtext"),
    ),
    Case("plus-before-a-number", "C++ takes no plus", "configured", edit("vectors", "size: 4", "size: +4")),
    Case(
        "space-of-a-web-page", "a space that does not break", "configured", edit("vectors", "size: 4", "size:\u00a04")
    ),
    Case("plus-in-a-text", "a plus in a comment", "configured", append("vectors", "# +4 \u00a0\n")),
)
