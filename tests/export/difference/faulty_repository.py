"""A repository with healthy entries, and beside each of them services that get one thing wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from export.difference.graphs import FAULTY, GREY, HEALTHY, HEIGHT, LABELS, OLDER, WIDTH, Graph

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
)
SWAPPED = (*LABELS[:2], LABELS[3], LABELS[2], *LABELS[4:])
_NETWORK_TENSORS = (
    'input {{ name: "PIXELS" data_type: TYPE_UINT8 format: FORMAT_NHWC dims: [{h}, {w}, {c}] }}\n'
    'output {{ name: "SCORES" data_type: TYPE_FP32 dims: [{k}] label_filename: "labels.txt" }}\n'
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
    _ensemble(repository, "squash_labels", "pixels_squash", "PIXELS", "small_network", parameter=SWAPPED)
    _ensemble(repository, "squash_label_file", "pixels_squash", "PIXELS", "small_network", parameter=(), file=SWAPPED)

    kind = f"TYPE_FP32 dims: [{len(LABELS)}]"
    _boxes(_python(repository, "black_boxes", "black_boxes", BLACK_BOXES, kind))
    for box in BLACK_BOXES:
        _whole(repository, f"squash_{box}", (_step("black_boxes", ("IMAGE", "IMAGE"), (box, "SCORES")),))
    _boxes(_python(repository, "zoomed_box", "black_boxes", ("SCORES",), kind))
    return repository


def write_reference(repository: Path, network: Graph) -> Path:
    """Only the entry `squash`, with that network."""
    _decoder(repository, "pixels_squash", "squash", "rgb", 3)
    _ensemble(repository, "squash", "pixels_squash", "PIXELS", "small_network")
    _network(repository, "small_network", network, versions={1: network})
    return repository


def _write(repository: Path, name: str, config: str) -> Path:
    folder = repository / name
    (folder / "1").mkdir(parents=True, exist_ok=True)
    (folder / "config.pbtxt").write_text(f'name: "{name}"\nmax_batch_size: 8\n{config}')
    return folder


def _parameters(values: Mapping[str, str]) -> str:
    return "".join(
        f'parameters {{ key: "{key}" value {{ string_value: {json.dumps(value)} }} }}\n'
        for key, value in values.items()
    )


def _decoder(repository: Path, name: str, fit: str, mode: str, channels: int) -> None:
    values = {"width": str(WIDTH), "height": str(HEIGHT), "mode": mode, "fit": fit}
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
    tensors = _NETWORK_TENSORS.format(h=HEIGHT, w=WIDTH, c=graph.channels, k=len(LABELS))
    folder = _write(
        repository, name, f'backend: "onnxruntime"\ninstance_group {{ kind: KIND_CPU count: 1 }}\n{tensors}'
    )
    (folder / "labels.txt").write_text("\n".join(LABELS) + "\n")
    for version, content in versions.items():
        (folder / str(version)).mkdir(exist_ok=True)
        (folder / str(version) / "model.onnx").write_bytes(content.model().SerializeToString())


def _python(repository: Path, name: str, program: str, outputs: tuple[str, ...], kind: str) -> Path:
    tensors = "".join(f'output {{ name: "{output}" data_type: {kind} }}\n' for output in outputs)
    takes = 'input { name: "IMAGE" data_type: TYPE_STRING dims: [1] }\n'
    folder = _write(
        repository, name, f'backend: "python"\ninstance_group {{ kind: KIND_CPU count: 1 }}\n{takes}{tensors}'
    )
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
) -> None:
    steps = (
        _step(decoder, ("IMAGE", "IMAGE"), (output, "pixels")),
        _step(network, ("PIXELS", "pixels"), ("SCORES", "SCORES")),
    )
    _whole(repository, name, steps, parameter, file)


def _step(model: str, takes: tuple[str, str], gives: tuple[str, str]) -> str:
    return (
        f'step {{ model_name: "{model}" model_version: -1\n'
        f'input_map {{ key: "{takes[0]}" value: "{takes[1]}" }}\n'
        f'output_map {{ key: "{gives[0]}" value: "{gives[1]}" }} }}\n'
    )


def _whole(
    repository: Path,
    name: str,
    steps: tuple[str, ...],
    parameter: tuple[str, ...] = LABELS,
    file: tuple[str, ...] = LABELS,
) -> None:
    values = {"task": "image-classification"} | ({"labels": json.dumps(parameter)} if parameter else {})
    tensors = (
        'input { name: "IMAGE" data_type: TYPE_STRING dims: [1] }\n'
        f'output {{ name: "SCORES" data_type: TYPE_FP32 dims: [{len(LABELS)}] label_filename: "labels.txt" }}\n'
    )
    wiring = f"ensemble_scheduling {{\n{''.join(steps)}}}\n"
    folder = _write(repository, name, f'platform: "ensemble"\n{tensors}{wiring}{_parameters(values)}')
    (folder / "labels.txt").write_text("\n".join(file) + "\n")
