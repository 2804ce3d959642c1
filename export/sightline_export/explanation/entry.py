"""The model `<name>_explain` beside a classifier: heat maps of its answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np
import onnx

from sightline_backend.explanation.explainer import TOP_CLASS
from sightline_backend.explanation.spec import ExplainSpec, Method
from sightline_export.backend_model import BackendModel, Requests
from sightline_export.entries import network_name
from sightline_export.errors import SourceUnusable
from sightline_export.explanation.measure import explanation_measure
from sightline_export.explanation.sheet import explanation_sheet
from sightline_export.model_spec import ModelSpec
from sightline_export.recipe import Operation
from sightline_export.repository.golden import Request, ValueTensor, stack
from sightline_export.runtimes import onnx_runtime
from sightline_export.signature import Signature, TensorSpec
from sightline_export.sources.choices import ExplainChoice
from sightline_export.tasks.image_classification import SCORE_TOLERANCE, ImageClassification
from sightline_export.tasks.pixel_steps import IMAGE
from sightline_export.verification.truth import whole_model

SMALL = 96  # pixels along the longer side: so far every place can be hidden in turn
CLEAR = 1.1  # times the second score: that class is the top one on every machine
MAX_BATCH_SIZE = 8
HEAT_TOLERANCE = 0.02  # of the hottest place
CLASS_ID = TensorSpec("CLASS_ID", "INT32", (1,))
_LEAST_RANGES: Mapping[Method, float] = {"occlusion": 0.5, "rise": 0.01, "cam": 0.1, "attention": 0.1}
_PAPERS: Mapping[Method, str] = {
    "occlusion": "Zeiler & Fergus, Visualizing and Understanding Convolutional Networks, 2014",
    "rise": "Petsiuk et al., RISE: Randomized Input Sampling for Explanation of Black-box Models, 2018",
    "cam": "Zhou et al., Learning Deep Features for Discriminative Localization, 2016",
    "attention": "Abnar & Zuidema, Quantifying Attention Flow in Transformers, 2020",
}
_LIMITS: Mapping[Method, str] = {
    "occlusion": "Hot is where hiding a square lowers the score. What several places show alike stays cold.",
    "rise": "Hot is what the pictures with the highest scores show in common: a mean over random masks, with "
    "their noise. The masks are the same for every picture. A class of which no picture scores {least_range:g} gets no "
    "hot map.",
    "cam": "Hot is where the last feature map speaks for the class; what speaks against it is cold.",
    "attention": "Hot is what reaches the network's answer. It is the same for every class, and attention is no proof "
    "that the answer depends on a place.",
}


def explanation_of(spec: ModelSpec, graph: Path, choice: ExplainChoice = "auto") -> Operation | None:
    """The explaining model of a classifier, with its figures and its contact sheet.

    Args:
        spec: of the classifier, which is published already.
        graph: its newest graph.
        choice: the method; "auto" takes the network's own map where there is one, else `occlusion` for small pictures
            and `rise` for others.

    Returns:
        What `export_operation` publishes; None for what is no classifier.

    Raises:
        SourceUnusable: the network does not have the map that the method needs.
    """
    if not isinstance(spec.task, ImageClassification):
        return None
    how = explain_spec(spec, output_shapes(graph), choice)
    scores, *_ = spec.task.ensemble_signature(spec).outputs
    heatmap = TensorSpec("HEATMAP", "FP32", how.map_hw, tolerance=HEAT_TOLERANCE * _coarser(scores)[1])
    score = TensorSpec("SCORE", "FP32", (1,), tolerance=scores.tolerance, most=scores.most)
    model = BackendModel(
        name=f"{spec.name}_explain",
        summary=f"what in a picture speaks for a class of {spec.name}, by {how.method}",
        architecture=_PAPERS[how.method],
        task="explanation",
        backend="explain",
        signature=Signature((IMAGE, CLASS_ID), (heatmap, CLASS_ID, score)),
        requests=_requests(spec, graph),
        parameters=how.parameters(),
        labels=spec.labels,
        asks=(how.network,),
        data=f"that of {spec.name}: {spec.data}",
        licence=spec.licence,
        limits=_LIMITS[how.method].format(least_range=how.least_range),
        max_batch_size=MAX_BATCH_SIZE,
    )
    if spec.pixels.fit != "squash":  # the measured pictures are of the size that the network takes
        return Operation(model, requires=(spec.name,))
    sheet = explanation_sheet(spec, one_map=how.method == "attention")
    return Operation(model, explanation_measure(spec), sheet, requires=(spec.name,))


def explain_spec(spec: ModelSpec, outputs: Mapping[str, tuple[int, ...]], choice: ExplainChoice) -> ExplainSpec:
    """How the classifier is explained.

    outputs: of its network, by name, with their shapes without the batch axis. Raises SourceUnusable.
    """
    longer, shorter = max(spec.pixels.shape[:2]), min(spec.pixels.shape[:2])
    own = [method for method in ("cam", "attention") if method.upper() in outputs]
    best = own[0] if own else "occlusion" if longer <= SMALL else "rise"
    method = cast("Method", best if choice == "auto" else choice)
    map_hw = (1, 1)
    if method in ("cam", "attention"):
        if method not in own:
            raise SourceUnusable(
                f"expected a network with the output {method.upper()} for {method}, got {', '.join(outputs)}; "
                "choose --explain occlusion or rise"
            )
        map_hw = (outputs[method.upper()][-2], outputs[method.upper()][-1])
    scores, *_ = spec.task.ensemble_signature(spec).outputs
    stride = max(1, shorter // 8) if method == "occlusion" else max(1, longer // 28)
    return ExplainSpec(
        network=network_name(spec.name),
        pixels=spec.pixels,
        method=method,
        patch=2 * stride,
        stride=stride,
        cells=7,
        map_height=map_hw[0],
        map_width=map_hw[1],
        network_batch_size=spec.max_batch_size,
        least_range=_LEAST_RANGES[method] * _coarser(scores)[0],
    )


def _coarser(scores: TensorSpec) -> tuple[float, float]:
    """How many times larger differences have to be, and how much further heat may differ, for float16."""
    return (4.0, 5.0) if scores.tolerance > SCORE_TOLERANCE else (1.0, 1.0)


def output_shapes(graph: Path) -> dict[str, tuple[int, ...]]:
    """The outputs of the graph at `graph` with their shapes, without the batch axis."""
    outputs = onnx.load(graph, load_external_data=False).graph.output
    return {output.name: tuple(axis.dim_value for axis in output.type.tensor_type.shape.dim[1:]) for output in outputs}


def _requests(spec: ModelSpec, graph: Path) -> Requests:
    """The classifier's own requests, in turn for the top class, where it is clear which that is, and for another."""

    def requests(count: int) -> tuple[Request, ...]:
        own = spec.task.requests(spec, count)
        classify = whole_model(spec, onnx_runtime(graph))
        asked: list[Request] = []
        for index, request in enumerate(own):
            scores = classify(stack([request]))["SCORES"][0]
            second, top = np.sort(scores)[-2:] if len(scores) > 1 else (0.0, scores[0])
            class_id = TOP_CLASS if index % 2 == 0 and top > CLEAR * second else index % len(scores)
            tensor = ValueTensor("INT32", np.array([class_id], np.int32))
            asked.append(Request(request.name, {**request.inputs, CLASS_ID.name: tensor}))
        return tuple(asked)

    return requests
