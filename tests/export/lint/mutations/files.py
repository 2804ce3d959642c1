"""Files of models and of their weights."""

from export.lint.case import Case
from export.lint.edits import all_of, append, edit, link, remove, rename, rewrite, write

_MODEL = "vectors/1/model.onnx"


CASES = (
    Case(
        "graph-beside-the-version",
        "the graph lies beside its version folder",
        "configured",
        rename(_MODEL, "vectors/model.onnx"),
    ),
    Case(
        "graph-of-another-name",
        "the graph is called vectors.onnx",
        "configured",
        rename(_MODEL, "vectors/1/vectors.onnx"),
    ),
    Case(
        "graph-of-a-named-file",
        "the graph's name is given",
        "configured",
        all_of(rename(_MODEL, "vectors/1/vectors.onnx"), append("vectors", 'default_model_filename: "vectors.onnx"\n')),
    ),
    Case(
        "named-file-missing",
        "the name that is given is not there",
        "configured",
        append("vectors", 'default_model_filename: "other.onnx"\n'),
    ),
    Case("graph-in-capitals", "the graph is called Model.onnx", "configured", rename(_MODEL, "vectors/1/Model.onnx")),
    Case("graph-empty", "the graph's file is empty", "configured", write(_MODEL, b"")),
    Case(
        "graph-truncated",
        "a copy broke off in the middle",
        "configured",
        rewrite(_MODEL, lambda content: content[: len(content) // 2]),
    ),
    Case(
        "graph-truncated-at-the-end",
        "a copy broke off in the last byte",
        "configured",
        rewrite(_MODEL, lambda content: content[:-1]),
    ),
    Case(
        "graph-is-a-pointer",
        "Git LFS left its pointer",
        "configured",
        write(_MODEL, "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"),
    ),
    Case(
        "graph-is-a-page", "a download gave an error page", "configured", write(_MODEL, "<html><body>404</body></html>")
    ),
    Case(
        "graph-is-a-folder",
        "model.onnx is a folder with the graph in it",
        "configured",
        all_of(rename(_MODEL, "vectors/moved"), rename("vectors/moved", "vectors/1/model.onnx/model.onnx")),
    ),
    Case(
        "no-graph-and-no-config",
        "an empty version folder and no configuration",
        "frozen_bare",
        remove("frozen_bare/1/model.onnx"),
    ),
    Case("empty-model-folder", "a folder with nothing in it", "frozen_bare", remove("frozen_bare/1")),
    Case("weights-missing", "the external weights were not copied", "external", remove("heavy/1/model.onnx.data")),
    Case(
        "weights-truncated",
        "the external weights broke off",
        "external",
        rewrite("heavy/1/model.onnx.data", lambda content: content[:100]),
    ),
    Case(
        "weights-renamed",
        "the external weights have another name",
        "external",
        rename("heavy/1/model.onnx.data", "heavy/1/weights.data"),
    ),
    Case("weights-empty", "the external weights are empty", "external", write("heavy/1/model.onnx.data", b"")),
    Case(
        "graph-renamed-but-not-its-weights",
        "the graph and its given name changed; it still finds its weights",
        "external",
        all_of(
            rename("heavy/1/model.onnx", "heavy/1/net.onnx"), append("heavy", 'default_model_filename: "net.onnx"\n')
        ),
    ),
    Case(
        "folder-with-a-space",
        "the folder of a Python model has a space: its process cannot start",
        "python",
        all_of(rename("doubler", "my doubler"), edit("my doubler", '"doubler"', '"my doubler"')),
        ("my doubler",),
        alone=True,
    ),
    Case(
        "graph-in-a-folder",
        "default_model_filename with a folder",
        "configured",
        all_of(
            rename("vectors/1/model.onnx", "vectors/1/sub/net.onnx"),
            append("vectors", 'default_model_filename: "sub/net.onnx"\n'),
        ),
    ),
    Case(
        "config-is-a-link-to-nowhere",
        "config.pbtxt is a link to a file that is no more",
        "configured",
        all_of(remove("vectors/config.pbtxt"), link("vectors/config.pbtxt", "gone.pbtxt")),
        alone=True,
    ),
)
