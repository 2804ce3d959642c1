"""A repository with healthy entries, and beside each of them services that get one thing wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from export.difference.graphs import EMBEDDER, FAULTY, GREY, HEALTHY, HEIGHT, LABELS, OLDER, WIDTH, Graph

HERE = Path(__file__).parent
FITS = ("squash", "crop", "letterbox")
BLACK_BOXES = (
    "box_healthy",
    "box_exif_ignored",
    "box_no_antialiasing",
    "box_mean_missing",
    "box_not_scaled",
    "box_softmax_twice",
    "box_twice_wrong",
    "box_sheared",
    "box_nan",
    "box_jpeg_only",
    "box_jpeg_only_bgr",
    "box_jpeg_only_mirrored",
    "box_always_the_same",
)
SWAPPED = (*LABELS[:2], LABELS[3], LABELS[2], *LABELS[4:])
_NETWORK_TENSORS = (
    'input {{ name: "PIXELS" data_type: TYPE_UINT8 format: FORMAT_NHWC dims: [{h}, {w}, {c}] }}\n'
    'output {{ name: "{answer}" data_type: TYPE_FP32 dims: [{k}] label_filename: "labels.txt" }}\n'
    "version_policy {{ all {{ }} }}\n"
)


def faults() -> tuple[str, ...]:
    """Names of the mistakes between file and pixels."""
    return tuple(re.findall(r'^    "(\w+)": ', (HERE / "faulty_pixels.py").read_text(), re.MULTILINE))


def write_repository(repository: Path) -> Path:
    """`squash`, `crop`, `letterbox` and `grey` are healthy; `<entry>_<fault>` has that fault."""
    for fit in FITS:
        _decoder(repository, f"pixels_{fit}", fit, "rgb", 3)
        _ensemble(repository, fit, f"pixels_{fit}", "PIXELS", "small_network")
    _network(repository, "small_network", HEALTHY, versions={1: OLDER, 2: HEALTHY})
    _decoder(repository, "pixels_short", "crop", "rgb", 3, shorter_side=56)
    _ensemble(repository, "short", "pixels_short", "PIXELS", "small_network")
    _ensemble(repository, "short_largest_crop", "pixels_crop", "PIXELS", "small_network")
    _decoder(repository, "pixels_grey", "squash", "gray", 1)
    _network(repository, "grey_network", GREY, versions={1: GREY})
    _ensemble(repository, "grey", "pixels_grey", "PIXELS", "grey_network")

    _python(repository, "faulty_pixels", "faulty_pixels", faults(), f"TYPE_UINT8 dims: [{HEIGHT}, {WIDTH}, 3]")
    for fault in faults():
        fit = next((fit for fit in FITS if fit in fault.split("_for_")[-1]), "crop" if "crop" in fault else "squash")
        fit = "letterbox" if fault == "padded_first" else fit
        _ensemble(repository, f"{fit}_{fault}", "faulty_pixels", fault, "small_network")
    for fault, graph in FAULTY.items():
        _network(repository, f"network_{fault}", graph, versions={1: graph})
        _ensemble(repository, f"squash_graph_{fault}", "pixels_squash", "PIXELS", f"network_{fault}")
    _ensemble(repository, "squash_pixels_and_graph", "faulty_pixels", "mirrored", "network_raw")
    _ensemble(repository, "squash_only_jpeg_and_graph", "faulty_pixels", "only_jpeg", "network_raw")
    _ensemble(repository, "squash_labels", "pixels_squash", "PIXELS", "small_network", parameter=SWAPPED)
    _ensemble(repository, "squash_label_file", "pixels_squash", "PIXELS", "small_network", parameter=(), file=SWAPPED)

    crlf = tuple(f"{label}\r" for label in LABELS)
    _ensemble(repository, "squash_label_crlf", "pixels_squash", "PIXELS", "small_network", file=crlf)
    _ensemble(repository, "squash_pinned", "pixels_squash", "PIXELS", "small_network", version=1)
    for name, graph in {"embedder": EMBEDDER, "embedder_not_unit": replace(EMBEDDER, finish=())}.items():
        _network(repository, f"{name}_network", graph, versions={1: graph})
        _ensemble(repository, name, "pixels_squash", "PIXELS", f"{name}_network", answer="EMBEDDING", parameter=())

    kind = f"TYPE_FP32 dims: [{len(LABELS)}]"
    _boxes(_python(repository, "black_boxes", "black_boxes", BLACK_BOXES, kind))
    for box in BLACK_BOXES:
        _whole(repository, f"squash_{box}", (_step("black_boxes", ("IMAGE", "IMAGE"), (box, "SCORES")),))
    _boxes(_python(repository, "zoomed_box", "black_boxes", ("SCORES",), kind))
    half = kind.replace("FP32", "FP16")
    _boxes(_python(repository, "half_box", "black_boxes", ("SCORES",), half))
    for name, axis in {"written_axis_box": -1, "one_picture_box": 1}.items():
        _boxes(_python(repository, name, "black_boxes", ("SCORES",), f"TYPE_FP32 dims: [{axis}, {len(LABELS)}]", axis))
    return repository


def write_reference(repository: Path, network: Graph) -> Path:
    """Only the entry `squash`, with that network."""
    _decoder(repository, "pixels_squash", "squash", "rgb", 3)
    _ensemble(repository, "squash", "pixels_squash", "PIXELS", "small_network")
    _network(repository, "small_network", network, versions={1: network})
    return repository


def _write(repository: Path, name: str, config: str, max_batch_size: int = 8) -> Path:
    folder = repository / name
    (folder / "1").mkdir(parents=True, exist_ok=True)
    (folder / "config.pbtxt").write_text(f'name: "{name}"\nmax_batch_size: {max_batch_size}\n{config}')
    return folder


def _parameters(values: Mapping[str, str]) -> str:
    return "".join(
        f'parameters {{ key: "{key}" value {{ string_value: {json.dumps(value)} }} }}\n'
        for key, value in values.items()
    )


def _decoder(repository: Path, name: str, fit: str, mode: str, channels: int, shorter_side: int | None = None) -> None:
    values = {"width": str(WIDTH), "height": str(HEIGHT), "mode": mode, "fit": fit}
    if shorter_side is not None:
        values["shorter_side"] = str(shorter_side)
    tensors = (
        'input { name: "IMAGE" data_type: TYPE_STRING dims: [1] }\n'
        f'output {{ name: "PIXELS" data_type: TYPE_UINT8 dims: [{HEIGHT}, {WIDTH}, {channels}] }}\n'
    )
    _write(
        repository,
        name,
        f'backend: "image_decode"\ninstance_group {{ kind: KIND_CPU count: 1 }}\n{tensors}{_parameters(values)}',
    )


def _network(repository: Path, name: str, graph: Graph, versions: Mapping[int, Graph]) -> None:
    tensors = _NETWORK_TENSORS.format(h=HEIGHT, w=WIDTH, c=graph.channels, k=len(LABELS), answer=graph.answer)
    folder = _write(
        repository, name, f'backend: "onnxruntime"\ninstance_group {{ kind: KIND_CPU count: 1 }}\n{tensors}'
    )
    (folder / "labels.txt").write_text("\n".join(LABELS) + "\n")
    for version, content in versions.items():
        (folder / str(version)).mkdir(exist_ok=True)
        (folder / str(version) / "model.onnx").write_bytes(content.model().SerializeToString())


def _python(
    repository: Path, name: str, program: str, outputs: tuple[str, ...], kind: str, axis: int | None = None
) -> Path:
    """axis: a batch axis of that size, written into the dimensions of a model without batching."""
    tensors = "".join(f'output {{ name: "{output}" data_type: {kind} }}\n' for output in outputs)
    dims = "[1]" if axis is None else f"[{axis}, 1]"
    takes = f'input {{ name: "IMAGE" data_type: TYPE_STRING dims: {dims} }}\n'
    config = f'backend: "python"\ninstance_group {{ kind: KIND_CPU count: 1 }}\n{takes}{tensors}'
    folder = _write(repository, name, config, 8 if axis is None else 0)
    (folder / "1" / "model.py").write_text((HERE / f"{program}.py").read_text())
    return folder


def _boxes(folder: Path) -> None:
    graphs = {"healthy": HEALTHY} | {key: FAULTY[key] for key in ("mean_missing", "not_scaled", "bgr")}
    for name, graph in graphs.items():
        (folder / "1" / f"{name}.onnx").write_bytes(graph.model().SerializeToString())


def _ensemble(
    repository: Path,
    name: str,
    decoder: str,
    output: str,
    network: str,
    parameter: tuple[str, ...] = LABELS,
    file: tuple[str, ...] = LABELS,
    version: int = -1,
    answer: str = "SCORES",
) -> None:
    steps = (
        _step(decoder, ("IMAGE", "IMAGE"), (output, "pixels")),
        _step(network, ("PIXELS", "pixels"), (answer, answer), version),
    )
    _whole(repository, name, steps, parameter, file, answer)


def _step(model: str, takes: tuple[str, str], gives: tuple[str, str], version: int = -1) -> str:
    return (
        f'step {{ model_name: "{model}" model_version: {version}\n'
        f'input_map {{ key: "{takes[0]}" value: "{takes[1]}" }}\n'
        f'output_map {{ key: "{gives[0]}" value: "{gives[1]}" }} }}\n'
    )


def _whole(
    repository: Path,
    name: str,
    steps: tuple[str, ...],
    parameter: tuple[str, ...] = LABELS,
    file: tuple[str, ...] = LABELS,
    answer: str = "SCORES",
) -> None:
    task = "image-classification" if answer == "SCORES" else "image-feature-extraction"
    values = {"task": task} | ({"labels": json.dumps(parameter)} if parameter else {})
    tensors = (
        'input { name: "IMAGE" data_type: TYPE_STRING dims: [1] }\n'
        f'output {{ name: "{answer}" data_type: TYPE_FP32 dims: [{len(LABELS)}] label_filename: "labels.txt" }}\n'
    )
    wiring = f"ensemble_scheduling {{\n{''.join(steps)}}}\n"
    folder = _write(repository, name, f'platform: "ensemble"\n{tensors}{wiring}{_parameters(values)}')
    (folder / "labels.txt").write_bytes(("\n".join(file) + "\n").encode())
    for kept in ("golden", "verification"):  # as in an entry that was exported
        (folder / "1" / kept).mkdir()
