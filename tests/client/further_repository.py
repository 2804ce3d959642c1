"""Models beside those of `task_repository`, from our own backends and small graphs: the operations without a network, a
generator that takes a class, and one that mixes two pictures.
"""

import json
from pathlib import Path

import onnx
import onnx.parser

OPERATIONS = ("resize", "rotate", "flip", "crop", "enhance")
COLOURS = ("red", "green", "blue")
"""Labels of the generator: the class is the channel that is full."""
SIDE = 4

_OPSET = '<ir_version: 10, opset_import: ["": 21]>'
_ON_CPU = "instance_group { kind: KIND_CPU count: 1 }\n"
_PNG = 'backend: "image_encode"\nmax_batch_size: 8\n' + _ON_CPU
_EDIT = """
backend: "image_edit"
parameters { key: "operation" value { string_value: "%s" } }
parameters { key: "task" value { string_value: "image-to-image" } }
"""

# 4 x 4 pixels: the channel of the class is full, the others are the noise as levels around 100.
_GENERATOR = """
generator (float[N, 3] NOISE, int32[N, 1] CLASS) => (uint8[N, 4, 4, 3] PIXELS) {
    channels = Constant <value = int32[1, 3] {0, 1, 2}> ()
    full = Constant <value_float = 255.0> ()
    middle = Constant <value_float = 100.0> ()
    spread = Constant <value_float = 20.0> ()
    zero = Constant <value_float = 0.0> ()
    axes = Constant <value_ints = [1, 2]> ()
    tiles = Constant <value_ints = [1, 4, 4, 1]> ()
    spread_noise = Mul (NOISE, spread)
    moved = Add (spread_noise, middle)
    levels = Clip (moved, zero, full)
    is_class = Equal (CLASS, channels)
    coloured = Where (is_class, full, levels)
    pixel = Unsqueeze (coloured, axes)
    picture = Tile (pixel, tiles)
    PIXELS = Cast <to = 2> (picture)
}
"""

# Levels of two pictures, mixed.
_MIXER = """
mixer (uint8[N, 8, 8, 3] FIRST, uint8[N, 8, 8, 3] SECOND, float[N, 1] SHARE) => (uint8[N, 8, 8, 3] MIXED) {
    axes = Constant <value_ints = [1, 2]> ()
    first = Cast <to = 1> (FIRST)
    second = Cast <to = 1> (SECOND)
    difference = Sub (second, first)
    share = Unsqueeze (SHARE, axes)
    part = Mul (difference, share)
    mixed = Add (first, part)
    rounded = Round (mixed)
    MIXED = Cast <to = 2> (rounded)
}
"""

_DECODE = (
    'backend: "image_decode"\nmax_batch_size: 8\n'
    + "".join(
        f'parameters {{ key: "{key}" value {{ string_value: "{value}" }} }}\n'
        for key, value in {"width": "8", "height": "8", "resample": "nearest"}.items()
    )
    + _ON_CPU
)


def write_further_models(repository: Path) -> Path:
    """Adds `resize`, `rotate`, `flip`, `crop`, `enhance`, `tiny_generator` and `tiny_interpolate` with their steps.

    Models that are there already stay as they are.
    """
    for operation in OPERATIONS:
        _write(repository, operation, _EDIT % operation + _ON_CPU)
    _write(repository, "further_png", _PNG)
    _write(repository, "further_cells", _DECODE)
    noise = 'backend: "latent_noise"\nmax_batch_size: 8\n' + _parameter("size", "3") + _parameter("classes", "3")
    _write(repository, "further_noise", noise + _ON_CPU)
    _write(repository, "tiny_generator_network", _NETWORK, _GENERATOR)
    _write(repository, "tiny_interpolate_network", _NETWORK, _MIXER)
    labels = _parameter("labels", json.dumps(COLOURS))
    seed = _input("SEED", "TYPE_INT64") + _input("CLASS_ID", "TYPE_INT32", optional=True) + _RESULT
    generate = _ensemble(
        _step("further_noise", {"SEED": "SEED", "CLASS_ID": "CLASS_ID"}, {"NOISE": "noise", "CLASS": "class"}),
        _step("tiny_generator_network", {"NOISE": "noise", "CLASS": "class"}, {"PIXELS": "pixels"}),
        _step("further_png", {"PIXELS": "pixels"}, {"RESULT": "RESULT"}),
    )
    task = _parameter("task", "unconditional-image-generation")
    _write(repository, "tiny_generator", seed + task + labels + generate)
    pair = _input("IMAGE", "TYPE_STRING") + _input("OTHER", "TYPE_STRING") + _input("FRACTION", "TYPE_FP32") + _RESULT
    mix = _ensemble(
        _step("further_cells", {"IMAGE": "IMAGE"}, {"PIXELS": "first"}),
        _step("further_cells", {"IMAGE": "OTHER"}, {"PIXELS": "second"}),
        _step(
            "tiny_interpolate_network",
            {"FIRST": "first", "SECOND": "second", "SHARE": "FRACTION"},
            {"MIXED": "pixels"},
        ),
        _step("further_png", {"PIXELS": "pixels"}, {"RESULT": "RESULT"}),
    )
    _write(repository, "tiny_interpolate", pair + _parameter("task", "image-to-image") + mix)
    return repository


_NETWORK = 'backend: "onnxruntime"\nmax_batch_size: 8\ndynamic_batching { }\n' + _ON_CPU
_RESULT = 'output { name: "RESULT" data_type: TYPE_STRING dims: [1] }\n'


def _write(repository: Path, name: str, config: str, graph: str = "") -> None:
    version = repository / name / "1"
    if version.exists():
        return
    version.mkdir(parents=True)
    (repository / name / "config.pbtxt").write_text(config)
    if graph:
        model = onnx.parser.parse_model(_OPSET + graph)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, version / "model.onnx")


def _parameter(key: str, value: str) -> str:
    return f'parameters {{ key: "{key}" value {{ string_value: {json.dumps(value)} }} }}\n'


def _input(name: str, data_type: str, *, optional: bool = False) -> str:
    return f'input {{ name: "{name}" data_type: {data_type} dims: [1]{" optional: true" if optional else ""} }}\n'


def _step(model: str, inputs: dict[str, str], outputs: dict[str, str]) -> str:
    maps = [f'input_map {{ key: "{key}" value: "{value}" }}' for key, value in inputs.items()]
    maps += [f'output_map {{ key: "{key}" value: "{value}" }}' for key, value in outputs.items()]
    return f'  step {{ model_name: "{model}" model_version: -1 {" ".join(maps)} }}\n'


def _ensemble(*steps: str) -> str:
    return 'platform: "ensemble"\nmax_batch_size: 8\nensemble_scheduling {\n' + "".join(steps) + "}\n"
