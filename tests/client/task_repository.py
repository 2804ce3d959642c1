"""A model repository with one small ONNX model for each task, whose answers a test can work out from the pixels.

The pictures are grids of 8 x 8 cells of one colour each; the decoding step takes one pixel of every cell.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

import onnx
import onnx.parser
from client import task_graphs, task_programs

CELLS = 8
COLOURS = ("red", "green", "blue")
"""Labels of the detector and of the explanation: the class is the channel."""
LEVELS = ("background", "low", "middle", "high")
"""Labels of the segmentation: the class is the level of red, in four equal steps."""

_OPSET = '<ir_version: 10, opset_import: ["": 21]>'

_IMAGE = "IMAGE TYPE_STRING 1"
_SIZE_WH = "SIZE_WH TYPE_INT32 2"
_PIXELS = "PIXELS TYPE_UINT8 8 8 3"
_CLASSES = "CLASSES TYPE_UINT8 8 8"
_CLASS_MAP = "CLASS_MAP TYPE_STRING 1"
_EMBEDDING = "EMBEDDING TYPE_FP32 3"
_RESULT = "RESULT TYPE_STRING 1"
_HEAT = ("HEATMAP TYPE_FP32 8 8", "CLASS_ID TYPE_INT32 1", "SCORE TYPE_FP32 1")
_BOXES = (
    "num_detections TYPE_INT32 1",
    "detection_boxes TYPE_FP32 5 4",
    "detection_scores TYPE_FP32 5",
    "detection_classes TYPE_INT32 5",
)


@dataclass(frozen=True)
class _Model:
    """A folder of the repository; tensors are written "NAME TYPE_X axes", without the batch axis."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    backend: str = "onnxruntime"
    graph: str = ""
    program: str = ""
    parameters: dict[str, str] = field(default_factory=dict[str, str])
    steps: tuple["_Step", ...] = ()


@dataclass(frozen=True)
class _Step:
    """A step of an ensemble: what each of its tensors is called in the ensemble."""

    model: str
    inputs: dict[str, str]
    outputs: dict[str, str]


_DECODE = _Step("cells", {"IMAGE": "IMAGE"}, {"PIXELS": "pixels"})
_DECODE_SIZED = _Step("cells", {"IMAGE": "IMAGE"}, {"PIXELS": "pixels", "SIZE_WH": "size_wh"})

_MODELS = {
    "cells": _Model(
        (_IMAGE,),
        (_PIXELS, _SIZE_WH),
        "image_decode",
        parameters={"width": "8", "height": "8", "mode": "rgb", "fit": "squash", "resample": "nearest"},
    ),
    "png": _Model(("PIXELS TYPE_UINT8 -1 -1 3",), (_RESULT,), "image_encode"),
    "class_map": _Model(("CLASSES TYPE_UINT8 -1 -1", _SIZE_WH), (_CLASS_MAP,), "class_map"),
    "tiny_detector_network": _Model((_PIXELS, _SIZE_WH), _BOXES, graph=task_graphs.DETECTOR),
    "tiny_segmenter_network": _Model((_PIXELS,), (_CLASSES,), graph=task_graphs.SEGMENTER),
    "tiny_embedder_network": _Model((_PIXELS,), (_EMBEDDING,), graph=task_graphs.EMBEDDER),
    "tiny_inverter_network": _Model((_PIXELS,), ("INVERTED TYPE_UINT8 8 8 3",), graph=task_graphs.INVERTER),
    "tiny_explain_network": _Model((_PIXELS, "ASKED_CLASS_ID TYPE_INT32 1"), _HEAT, graph=task_graphs.EXPLAINER),
    "tiny_detector": _Model(
        (_IMAGE,),
        _BOXES,
        parameters={"task": "object-detection", "labels": json.dumps(COLOURS)},
        steps=(
            _DECODE_SIZED,
            _Step(
                "tiny_detector_network",
                {"PIXELS": "pixels", "SIZE_WH": "size_wh"},
                {name: name for name in (each.split()[0] for each in _BOXES)},
            ),
        ),
    ),
    "tiny_segmenter": _Model(
        (_IMAGE,),
        (_CLASS_MAP,),
        parameters={"task": "image-segmentation", "labels": json.dumps(LEVELS)},
        steps=(
            _DECODE_SIZED,
            _Step("tiny_segmenter_network", {"PIXELS": "pixels"}, {"CLASSES": "classes"}),
            _Step("class_map", {"CLASSES": "classes", "SIZE_WH": "size_wh"}, {"CLASS_MAP": "CLASS_MAP"}),
        ),
    ),
    "tiny_embedder": _Model(
        (_IMAGE,),
        (_EMBEDDING,),
        parameters={"task": "image-feature-extraction"},
        steps=(_DECODE, _Step("tiny_embedder_network", {"PIXELS": "pixels"}, {"EMBEDDING": "EMBEDDING"})),
    ),
    "tiny_inverter": _Model(
        (_IMAGE,),
        (_RESULT,),
        parameters={"task": "image-to-image"},
        steps=(
            _DECODE,
            _Step("tiny_inverter_network", {"PIXELS": "pixels"}, {"INVERTED": "inverted"}),
            _Step("png", {"PIXELS": "inverted"}, {"RESULT": "RESULT"}),
        ),
    ),
    "tiny_explain": _Model(
        (_IMAGE, "CLASS_ID TYPE_INT32 1"),
        _HEAT,
        "python",
        program=task_programs.EXPLAIN,
        parameters={"task": "explanation", "labels": json.dumps(COLOURS), "method": "share-of-light"},
    ),
}


def write_task_repository(repository: Path) -> Path:
    """Writes `tiny_detector`, `tiny_segmenter`, `tiny_embedder`, `tiny_inverter` and `tiny_explain` with their steps.

    A repository that is there already stays as it is.
    """
    if repository.exists():
        return repository
    for name, model in _MODELS.items():
        version = repository / name / "1"
        version.mkdir(parents=True)
        (repository / name / "config.pbtxt").write_text(_config(model))
        if model.graph:
            graph = onnx.parser.parse_model(_OPSET + model.graph)
            onnx.checker.check_model(graph, full_check=True)
            onnx.save(graph, version / "model.onnx")
        if model.program:
            (version / "model.py").write_text(model.program)
    return repository


def _config(model: _Model) -> str:
    lines = ["max_batch_size: 8"]
    for kind, tensors in (("input", model.inputs), ("output", model.outputs)):
        for name, datatype, *axes in (each.split() for each in tensors):
            lines.append(f'{kind} {{ name: "{name}" data_type: {datatype} dims: [{", ".join(axes)}] }}')
    for key, value in model.parameters.items():
        lines.append(f'parameters {{ key: "{key}" value {{ string_value: {json.dumps(value)} }} }}')
    if not model.steps:
        lines += [f'backend: "{model.backend}"', "instance_group { kind: KIND_CPU count: 1 }", "dynamic_batching { }"]
        return "\n".join(lines)
    lines += ['platform: "ensemble"', "ensemble_scheduling {"]
    for step in model.steps:
        maps = [f'input_map {{ key: "{key}" value: "{value}" }}' for key, value in step.inputs.items()]
        maps += [f'output_map {{ key: "{key}" value: "{value}" }}' for key, value in step.outputs.items()]
        lines.append(f'  step {{ model_name: "{step.model}" model_version: -1 {" ".join(maps)} }}')
    return "\n".join([*lines, "}"])
