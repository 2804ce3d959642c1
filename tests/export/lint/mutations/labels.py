"""Labels, golden answers and files that nobody reads."""

from export.lint.case import Case
from export.lint.edits import all_of, edit, remove, rename, rewrite, write

CASES = (
    Case("labels-missing", "labels.txt is named but not there", "photo", remove("photo_scores/labels.txt")),
    Case(
        "labels-in-the-version-folder",
        "labels.txt lies in the version folder",
        "photo",
        rename("photo_scores/labels.txt", "photo_scores/1/labels.txt"),
    ),
    Case(
        "labels-of-another-name",
        "the labels have another name than the configuration says",
        "photo",
        edit("photo_scores", "labels.txt", "classes.txt"),
    ),
    Case(
        "labels-too-few",
        "four labels for five scores",
        "photo",
        write("photo_scores/labels.txt", "cat\ndog\nowl\nfox\n"),
    ),
    Case(
        "labels-too-many", "six labels for five scores", "photo", write("photo_scores/labels.txt", "a\nb\nc\nd\ne\nf\n")
    ),
    Case("labels-empty", "an empty labels.txt", "photo", write("photo_scores/labels.txt", "")),
    Case(
        "labels-crlf",
        "labels with line ends of Windows",
        "photo",
        write("photo_scores/labels.txt", "cat\r\ndog\r\nowl\r\nfox\r\nelk\r\n"),
    ),
    Case(
        "labels-left-out",
        "no labels at all",
        "photo",
        all_of(edit("photo_scores", ' label_filename: "labels.txt"', ""), remove("photo_scores/labels.txt")),
    ),
    Case(
        "labels-of-the-ensemble-missing",
        "labels.txt of an ensemble is missing",
        "exported",
        remove("digits/labels.txt"),
    ),
    Case(
        "labels-of-the-network-missing",
        "labels.txt of the network is missing",
        "exported",
        remove("digits_network/labels.txt"),
        ("digits", "digits_network"),
    ),
    Case(
        "extra-files",
        "notes and a notebook beside the model",
        "configured",
        all_of(write("vectors/notes.md", "# notes\n"), write("vectors/1/train.ipynb", "{}")),
    ),
    Case("extra-folder", "a folder that is no version", "configured", write("vectors/archive/model.onnx", "old")),
    Case("extra-file-in-the-repository", "a file beside the models", "configured", write("README.md", "# models\n")),
    Case(
        "hidden-files",
        "what a Mac leaves behind",
        "configured",
        all_of(write("vectors/.DS_Store", b"\0\1"), write("vectors/1/.DS_Store", b"\0\1")),
    ),
    Case("golden-missing", "the golden answers are gone", "exported", remove("digits/1/golden")),
    Case("golden-broken", "golden.json is no JSON", "exported", write("digits/1/golden/golden.json", "{")),
    Case(
        "golden-picture-missing",
        "a picture of the golden answers is gone",
        "exported",
        remove("digits/1/golden/red.png"),
    ),
    Case(
        "golden-of-another-shape",
        "golden answers of four scores for three",
        "exported",
        rewrite("digits/1/golden/golden.json", lambda content: content.replace(b"3\n", b"4\n")),
    ),
    Case("readme-missing", "no README", "exported", remove("digits/README.md")),
)
