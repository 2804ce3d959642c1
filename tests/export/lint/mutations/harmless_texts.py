"""Ways to write the same configuration."""

from export.lint.case import Case
from export.lint.edits import append, config, edit, rewrite
from export.lint.foreign import VECTORS

_PATH = "vectors/config.pbtxt"


CASES = (
    Case(
        "latin-1-comment",
        "a comment that is not UTF-8",
        "configured",
        rewrite(_PATH, lambda content: b"# Gr\xf6\xdfe\n" + content),
    ),
    Case(
        "latin-1-description",
        "a parameter that is not UTF-8",
        "configured",
        rewrite(_PATH, lambda content: content + b'parameters { key: "k" value { string_value: "Gr\xf6\xdfe" } }\n'),
    ),
    Case(
        "byte-order-mark",
        "an editor wrote a byte order mark",
        "configured",
        rewrite(_PATH, lambda content: b"\xef\xbb\xbf" + content),
    ),
    Case(
        "utf-16",
        "an editor wrote UTF-16",
        "configured",
        rewrite(_PATH, lambda content: content.decode().encode("utf-16")),
    ),
    Case("crlf", "line ends of Windows", "configured", rewrite(_PATH, lambda content: content.replace(b"\n", b"\r\n"))),
    Case("comments", "comments at the ends of lines", "configured", edit("vectors", "\n", "  # a comment\n", -1)),
    Case("umlauts-in-a-comment", "a comment in UTF-8", "configured", append("vectors", "# Größe, 大きさ\n")),
    Case(
        "one-line", "everything in one line", "configured", rewrite(_PATH, lambda content: content.replace(b"\n", b" "))
    ),
    Case("no-line-end", "no line end at the end", "configured", rewrite(_PATH, lambda content: content.rstrip())),
    Case("tabs", "tabs for spaces", "configured", edit("vectors", "  ", "\t", -1)),
    Case(
        "semicolons",
        "fields end with semicolons",
        "configured",
        edit("vectors", "max_batch_size: 4\n", "max_batch_size: 4;\n"),
    ),
    Case("single-quotes", "single quotes", "configured", edit("vectors", '"x"', "'x'")),
    Case(
        "hexadecimal",
        "a hexadecimal maximum",
        "configured",
        edit("vectors", "max_batch_size: 4", "max_batch_size: 0x4"),
    ),
    Case(
        "strings-in-parts",
        "a name in two parts, which belong together",
        "strings",
        edit("words", 'name: "y"', 'name: "" "y"'),
    ),
    Case(
        "message-with-a-colon",
        "a colon before a message",
        "photo",
        edit("photo_scores", "dynamic_batching {", "dynamic_batching: {"),
    ),
    Case(
        "angle-brackets",
        "angle brackets for a message",
        "photo",
        edit(
            "photo_scores",
            "dynamic_batching { max_queue_delay_microseconds: 100 }",
            "dynamic_batching < max_queue_delay_microseconds: 100 >",
        ),
    ),
    Case("type-as-a-number", "a type by its number", "configured", edit("vectors", "TYPE_FP32", "11")),
    Case(
        "dims-one-by-one",
        "dims written one by one",
        "photo",
        edit("photo_scores", "dims: [3, 8, 8]", "dims: 3 dims: 8 dims: 8"),
    ),
    Case(
        "fields-reordered",
        "another order of the fields",
        "configured",
        config("vectors", VECTORS[VECTORS.index("output") :] + VECTORS[: VECTORS.index("output")]),
    ),
)
