"""Version folders and version policies."""

from export.lint import graphs
from export.lint.case import Case
from export.lint.edits import all_of, append, edit, folder, graph, remove, rename, write

_MODEL = "vectors/1/model.onnx"


CASES = (
    Case("no-version-folder", "the version folder is missing", "configured", remove("vectors/1")),
    Case("version-with-a-zero", "the version folder is called 01", "configured", rename("vectors/1", "vectors/01")),
    Case("version-with-a-v", "the version folder is called v1", "configured", rename("vectors/1", "vectors/v1")),
    Case("version-zero", "the version folder is called 0", "configured", rename("vectors/1", "vectors/0")),
    Case("version-negative", "the version folder is called -1", "configured", rename("vectors/1", "vectors/-1")),
    Case("version-with-a-dot", "the version folder is called 1.0", "configured", rename("vectors/1", "vectors/1.0")),
    Case(
        "version-called-latest",
        "the version folder is called latest",
        "configured",
        rename("vectors/1", "vectors/latest"),
        alone=True,
    ),
    Case("version-large", "the version is a date", "configured", rename("vectors/1", "vectors/20261121")),
    Case(
        "version-too-large",
        "the version does not fit 64 bits",
        "configured",
        rename("vectors/1", "vectors/99999999999999999999"),
        alone=True,
    ),
    Case(
        "version-is-a-file",
        "the version is a file",
        "configured",
        all_of(remove("vectors/1"), write("vectors/1", "model")),
    ),
    Case("version-folder-empty", "the version folder is empty", "configured", remove(_MODEL)),
    Case("newest-version-empty", "version 2 was made, its graph was forgotten", "configured", folder("vectors/2")),
    Case("newest-version-added", "a second version", "configured", graph("vectors/2/model.onnx", graphs.linear)),
    Case(
        "newest-version-broken",
        "the newest version is no ONNX file",
        "configured",
        write("vectors/2/model.onnx", "onnx"),
    ),
    Case(
        "older-version-broken",
        "an older version is no ONNX file, but is not served",
        "configured",
        all_of(rename(_MODEL, "vectors/2/model.onnx"), write(_MODEL, "onnx")),
    ),
    Case(
        "newest-version-of-other-sizes",
        "the newest version takes vectors of another size",
        "configured",
        graph("vectors/2/model.onnx", lambda: graphs.linear(takes=6)),
    ),
    Case(
        "file-of-a-version-named",
        "another file for version 1",
        "configured",
        all_of(
            rename(_MODEL, "vectors/1/first.onnx"),
            append("vectors", 'cc_model_filenames { key: "6.1" value: "first.onnx" }\n'),
        ),
    ),
    Case(
        "policy-latest",
        "the newest two of three versions",
        "versions",
        edit("many_versions", "specific { versions: [1, 3] }", "latest { num_versions: 2 }"),
    ),
    Case("policy-all", "all versions", "versions", edit("many_versions", "specific { versions: [1, 3] }", "all { }")),
    Case(
        "policy-missing-version",
        "versions 1 and 4, but there is no 4",
        "versions",
        edit("many_versions", "[1, 3]", "[1, 4]"),
    ),
    Case(
        "policy-only-missing-versions",
        "version 4, which is not there",
        "versions",
        edit("many_versions", "[1, 3]", "[4]"),
    ),
    Case(
        "policy-of-no-versions",
        "the newest 0 versions",
        "versions",
        edit("many_versions", "specific { versions: [1, 3] }", "latest { num_versions: 0 }"),
    ),
    Case(
        "policy-one-of-two-broken",
        "one of the served versions is broken",
        "versions",
        write("many_versions/3/model.onnx", "onnx"),
    ),
    Case(
        "policy-unserved-version-broken",
        "a version that is not served is broken",
        "versions",
        write("many_versions/2/model.onnx", "onnx"),
    ),
)
