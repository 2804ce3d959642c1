"""The backends of maps, classes, edits, faces and pairs: parameters, tensors, and what may be left out."""

from export.lint.case import Case
from export.lint.edits import Change, all_of, append, edit, rewrite, write
from export.lint.exported import png
from export.lint.mutations.asked_networks import parameter

_DECODE, _MAP, _NOISE, _EDIT = "pixels_rgb_8x8_letterbox", "class_map_letterbox", "noise_of_a_class", "resizer"
_SIZE = 'output {\n  name: "SIZE_WH"\n  data_type: TYPE_INT32\n  dims: 2\n}\n'
_CLASS_ID = 'input {\n  name: "CLASS_ID"\n  data_type: TYPE_INT32\n  dims: 1\n  optional: true\n}\n'
_MAPPED_CLASS_ID = '    input_map {\n      key: "CLASS_ID"\n      value: "CLASS_ID"\n    }\n'
_OPTIONAL = "  optional: true\n"
_HEIGHT = 'input {\n  name: "HEIGHT"\n  data_type: TYPE_INT32\n  dims: 1\n  optional: true\n}\n'


def _segmenter(id: str, sentence: str, *changes: Change) -> Case:
    return Case(f"scene-{id}", sentence, "segmenter", all_of(*changes), ("scene", _DECODE, _MAP))


def _conditional(id: str, sentence: str, *changes: Change) -> Case:
    return Case(f"classes-{id}", sentence, "conditional", all_of(*changes), ("chooser", _NOISE))


def _editor(id: str, sentence: str, *changes: Change) -> Case:
    return Case(f"edit-{id}", sentence, "editor", all_of(*changes))


def _only_parameters(model: str) -> Change:
    return rewrite(
        f"{model}/config.pbtxt",
        lambda content: content[: content.index(b"max_batch_size")] + content[content.index(b"instance_group") :],
    )


def _sample(name: str, data_type: str, dims: str, data: str) -> str:
    return f'inputs {{ key: "{name}" value {{ data_type: {data_type} dims: [{dims}] {data} }} }}'


def _zeros(name: str, size: int) -> str:
    return _sample(name, "TYPE_INT32", str(size), "zero_data: true")


def _warm_up(model: str, inputs: str) -> Change:
    picture = png()
    return all_of(
        append(model, f'model_warmup {{ name: "w" batch_size: 1 {inputs} }}\n'),
        write(f"{model}/warmup/picture.bin", len(picture).to_bytes(4, "little") + picture),
    )


_PICTURE = _sample("IMAGE", "TYPE_STRING", "1", 'input_data_file: "picture.bin"')
_NO_PICTURE = _sample("IMAGE", "TYPE_STRING", "1", "zero_data: true")
_CLASSES = _sample("CLASSES", "TYPE_UINT8", "4, 4", "zero_data: true")
_SEED = _sample("SEED", "TYPE_INT64", "1", "zero_data: true")

CASES = (
    _segmenter("size-not-listed", "an older decoding step, which the map needs more of", edit(_DECODE, _SIZE, "")),
    _segmenter("size-as-int64", "SIZE_WH are INT64", edit(_DECODE, "TYPE_INT32", "TYPE_INT64")),
    _segmenter("size-of-three", "SIZE_WH are three numbers", edit(_DECODE, "dims: 2", "dims: 3")),
    _segmenter("fit-unknown", "a fit that does not exist", parameter(_MAP, "fit", "letterbox", "stretch")),
    _segmenter("fit-left-out", "no fit: squash", edit(_MAP, 'key: "fit"', 'key: "fitting"')),
    _segmenter("map-of-one-size", "the map takes 8 x 8", edit(_MAP, "dims: -1\n  dims: -1", "dims: 8\n  dims: 8")),
    _segmenter("map-as-uint8", "CLASS_MAP is UINT8", edit(_MAP, "TYPE_STRING", "TYPE_UINT8")),
    _segmenter("only-parameters", "tensors left out", _only_parameters(_DECODE), _only_parameters(_MAP)),
    _segmenter(
        "size-not-mapped",
        "the map gets no size",
        edit("scene", '    input_map {\n      key: "SIZE_WH"\n      value: "size"\n    }\n', ""),
        edit("scene", '    output_map {\n      key: "SIZE_WH"\n      value: "size"\n    }\n', ""),
    ),
    _conditional("zero", "no classes", parameter(_NOISE, "classes", "3", "0")),
    _conditional("left-out", "no classes, the tensors stay", edit(_NOISE, 'key: "classes"', 'key: "labels"')),
    _conditional("only-parameters", "tensors left out", _only_parameters(_NOISE)),
    _conditional("id-required", "CLASS_ID in every request", edit(_NOISE, _OPTIONAL, "")),
    _conditional("id-required-of-users", "CLASS_ID in every request to the ensemble", edit("chooser", _OPTIONAL, "")),
    _conditional("id-not-taken", "the step lists no CLASS_ID", edit(_NOISE, _CLASS_ID, "")),
    _conditional(
        "id-not-mapped", "the step draws it", edit("chooser", _MAPPED_CLASS_ID, ""), edit("chooser", _CLASS_ID, "")
    ),
    _conditional("id-as-int64", "CLASS_ID is INT64", edit(_NOISE, "TYPE_INT32", "TYPE_INT64")),
    _conditional(
        "seed-optional",
        "SEED may be left out",
        edit(_NOISE, "TYPE_INT64\n  dims: 1\n", "TYPE_INT64\n  dims: 1\n  optional: true\n"),
    ),
    _conditional(
        "seed-optional-to-users",
        "SEED may be left out of requests to the ensemble",
        edit("chooser", "TYPE_INT64\n  dims: 1\n", "TYPE_INT64\n  dims: 1\n  optional: true\n"),
    ),
    _conditional(
        "class-not-given",
        "the step lists no CLASS",
        edit(_NOISE, 'output {\n  name: "CLASS"\n  data_type: TYPE_INT32\n  dims: 1\n}\n', ""),
    ),
    _editor("operation-unknown", "an operation that does not exist", parameter(_EDIT, "operation", "resize", "scale")),
    _editor("operation-missing", "no operation", edit(_EDIT, 'key: "operation"', 'key: "edit"')),
    _editor("of-another-operation", "the inputs are those of resize", parameter(_EDIT, "operation", "resize", "crop")),
    _editor("width-required", "WIDTH in every request", edit(_EDIT, _OPTIONAL, "")),
    _editor("height-not-listed", "only WIDTH", edit(_EDIT, _HEIGHT, "")),
    _editor("width-renamed", "WIDTH is called width", edit(_EDIT, '"WIDTH"', '"width"')),
    _editor(
        "image-optional",
        "IMAGE may be left out",
        edit(_EDIT, "TYPE_STRING\n  dims: 1\n", "TYPE_STRING\n  dims: 1\n  optional: true\n"),
    ),
    _editor("width-twice", "WIDTH is listed twice", edit(_EDIT, _HEIGHT, _HEIGHT.replace("HEIGHT", "WIDTH"))),
    _editor("only-parameters", "tensors left out", _only_parameters(_EDIT)),
    _editor("warm-up", "a warm-up with a picture, the rest left out", _warm_up(_EDIT, _PICTURE)),
    _editor("warm-up-of-nothing", "a warm-up with WIDTH 0", _warm_up(_EDIT, _PICTURE + _zeros("WIDTH", 1))),
    _editor("warm-up-without-picture", "a warm-up with zeros for IMAGE", _warm_up(_EDIT, _NO_PICTURE)),
    _segmenter("warm-up-of-no-size", "a warm-up with a size of 0", _warm_up(_MAP, _CLASSES + _zeros("SIZE_WH", 2))),
    _conditional("warm-up", "a warm-up without CLASS_ID", _warm_up(_NOISE, _SEED)),
    Case(
        "faces-rows",
        "32 faces",
        "faces",
        edit("face_detector", "dims: 64\n  dims: 4", "dims: 32\n  dims: 4"),
        ("face_detector",),
    ),
    Case(
        "faces-fallback-unknown",
        "no such fallback",
        "faces",
        parameter("faces_rgb", "fallback", "whole", "centre"),
        ("faces_rgb",),
    ),
    Case(
        "faces-side-against-dims",
        "16 pixels, dims say 8",
        "faces",
        parameter("faces_rgb", "width", "8", "16"),
        ("faces_rgb",),
    ),
    Case(
        "pairs-width-against-dims",
        "8 pixels, dims say 4",
        "pairs",
        parameter("pairs_rgb", "width", "4", "8"),
        ("pairs_rgb", "blend"),
    ),
    Case(
        "pairs-other-not-mapped",
        "the step gets one picture",
        "pairs",
        edit("blend", '    input_map {\n      key: "OTHER"\n      value: "OTHER"\n    }\n', ""),
        ("pairs_rgb", "blend"),
    ),
    Case(
        "pairs-other-renamed",
        "OTHER is called SECOND",
        "pairs",
        edit("pairs_rgb", '"OTHER"', '"SECOND"'),
        ("pairs_rgb", "blend"),
    ),
)
