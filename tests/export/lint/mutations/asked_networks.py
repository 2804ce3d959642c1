"""Models that ask a network themselves: image_tiles inside an ensemble, explain for users."""

from export.lint.case import Case
from export.lint.edits import Change, all_of, edit, graph, remove
from export.lint.graphs import identity_pixels, mapped_scores

_TILES, _TILES_NETWORK = "sharper_tiles", "sharper_network"
_EXPLAIN, _EXPLAIN_NETWORK = "shown_explain", "shown_network"
_ENSEMBLE = ("sharper", "sharper_tiles")
_CAM = 'output {\n  name: "CAM"\n  data_type: TYPE_FP32\n  dims: 3\n  dims: 2\n  dims: 2\n}\n'


def parameter(model: str, key: str, old: str, new: str) -> Change:
    """Another value of a parameter, as `sightline export` writes parameters."""
    text = 'key: "%s"\n  value {\n    string_value: "%s"'
    return edit(model, text % (key, old), text % (key, new))


def _tiles(id: str, sentence: str, *changes: Change) -> Case:
    return Case(f"tiles-{id}", sentence, "tiles", all_of(*changes), _ENSEMBLE)


def _explain(id: str, sentence: str, *changes: Change) -> Case:
    return Case(f"explain-{id}", sentence, "explainer", all_of(*changes), (_EXPLAIN,))


def _with_cam(method: str, map_side: str) -> tuple[Change, ...]:
    return (
        graph(f"{_EXPLAIN_NETWORK}/1/model.onnx", mapped_scores),
        edit(_EXPLAIN_NETWORK, "instance_group", _CAM + "instance_group"),
        parameter(_EXPLAIN, "method", "occlusion", method),
        edit(
            _EXPLAIN,
            'key: "patch"\n  value {\n    string_value: "4"',
            'key: "map_width"\n  value {\n    string_value: "2"',
        ),
        edit(
            _EXPLAIN,
            'key: "stride"\n  value {\n    string_value: "4"',
            f'key: "map_height"\n  value {{\n    string_value: "{map_side}"',
        ),
    )


CASES = (
    _tiles("network-removed", "the network was not copied", remove(_TILES_NETWORK)),
    _tiles("network-typo", "another name", parameter(_TILES, "network", _TILES_NETWORK, "sharpener_network")),
    _tiles("network-missing", "no network is named", edit(_TILES, 'key: "network"', 'key: "net"')),
    _tiles("network-empty", "an empty name", parameter(_TILES, "network", _TILES_NETWORK, "")),
    _tiles("network-broken", "the network does not load", edit(_TILES_NETWORK, "TYPE_UINT8", "TYPE_INT8")),
    _tiles("side-against-network", "tiles of 6 pixels", parameter(_TILES, "side", "4", "6")),
    _tiles("scale-against-network", "answers twice as large", parameter(_TILES, "scale", "1", "2")),
    _tiles("halo-of-half-the-side", "a halo without a core", parameter(_TILES, "halo", "1", "2")),
    _tiles("halo-of-nothing", "no halo", parameter(_TILES, "halo", "1", "0")),
    _tiles("batch-of-more", "twelve tiles, the network takes eight", parameter(_TILES, "batch", "8", "12")),
    _tiles("batch-of-fewer", "three tiles at once", parameter(_TILES, "batch", "8", "3")),
    _tiles("batch-of-none", "no tiles at once", parameter(_TILES, "batch", "8", "0")),
    _tiles("side-in-words", "a side of four", parameter(_TILES, "side", "4", "four")),
    _tiles(
        "network-of-few-rows", "the network takes two", edit(_TILES_NETWORK, "max_batch_size: 8", "max_batch_size: 2")
    ),
    _tiles(
        "network-of-any-size",
        "a network for every side",
        edit(_TILES_NETWORK, "dims: 4\n  dims: 4\n  dims: 3", "dims: -1\n  dims: -1\n  dims: 3", -1),
        graph(f"{_TILES_NETWORK}/1/model.onnx", lambda: identity_pixels("side")),
    ),
    _tiles(
        "network-without-batches",
        "the batch axis is written out",
        edit(_TILES_NETWORK, "max_batch_size: 8\n", ""),
        edit(_TILES_NETWORK, "dynamic_batching {\n}\n", ""),
        edit(_TILES_NETWORK, "dims: 4\n  dims: 4", "dims: -1\n  dims: 4\n  dims: 4", -1),
    ),
    _tiles("result-renamed", "RESULT is called PNG", edit(_TILES, '"RESULT"', '"PNG"')),
    _tiles("ensemble-of-more", "the ensemble takes 16", edit("sharper", "max_batch_size: 8", "max_batch_size: 16")),
    _explain("network-removed", "the network was not copied", remove(_EXPLAIN_NETWORK)),
    _explain("network-is-itself", "it asks itself", parameter(_EXPLAIN, "network", _EXPLAIN_NETWORK, _EXPLAIN)),
    _explain("method-unknown", "a method that does not exist", parameter(_EXPLAIN, "method", "occlusion", "gradcam")),
    _explain("method-without-map", "cam of a network without one", parameter(_EXPLAIN, "method", "occlusion", "cam")),
    _explain("method-rise", "masks by chance", parameter(_EXPLAIN, "method", "occlusion", "rise")),
    _explain("cam", "cam of a network with one", *_with_cam("cam", "2")),
    _explain("cam-of-another-size", "the map is 2 x 2, the parameters say 4", *_with_cam("cam", "4")),
    _explain("stride-against-dims", "a map of 4 x 4, dims say 2", parameter(_EXPLAIN, "stride", "4", "2")),
    _explain("stride-not-in-patch", "squares of 4 moved by 3", parameter(_EXPLAIN, "stride", "4", "3")),
    _explain("patch-larger", "squares of 8", parameter(_EXPLAIN, "patch", "4", "8")),
    _explain(
        "batch-of-more-than-places",
        "four places, so never more than four",
        parameter(_EXPLAIN, "network_batch_size", "4", "64"),
    ),
    _explain(
        "batch-of-more",
        "nine places at once, the network takes four",
        parameter(_EXPLAIN, "network_batch_size", "4", "64"),
        parameter(_EXPLAIN, "patch", "4", "8"),
    ),
    _explain("width-against-network", "pixels of 16 x 8", parameter(_EXPLAIN, "width", "8", "16")),
    _explain(
        "gray-against-network",
        "one channel",
        edit(_EXPLAIN, 'key: "width"', 'key: "mode" value { string_value: "gray" } }\nparameters {\n  key: "width"'),
    ),
    _explain(
        "class-id-optional",
        "CLASS_ID may be left out",
        edit(_EXPLAIN, "TYPE_INT32\n  dims: 1\n", "TYPE_INT32\n  dims: 1\n  optional: true\n"),
    ),
    _explain(
        "class-id-missing",
        "no CLASS_ID is taken",
        edit(_EXPLAIN, 'input {\n  name: "CLASS_ID"\n  data_type: TYPE_INT32\n  dims: 1\n}\n', ""),
    ),
    _explain(
        "score-missing",
        "no SCORE is given",
        edit(_EXPLAIN, 'output {\n  name: "SCORE"\n  data_type: TYPE_FP32\n  dims: 1\n}\n', ""),
    ),
    _explain(
        "outputs-reordered",
        "SCORE comes before CLASS_ID",
        edit(_EXPLAIN, 'output {\n  name: "SCORE"\n  data_type: TYPE_FP32\n  dims: 1\n}\n', ""),
        edit(
            _EXPLAIN,
            'output {\n  name: "HEATMAP"',
            'output {\n  name: "SCORE"\n  data_type: TYPE_FP32\n  dims: 1\n}\noutput {\n  name: "HEATMAP"',
        ),
    ),
)
