"""A candidate whose graph also gives class activation maps, where its network allows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from sightline_export.candidate import Candidate
from sightline_export.graph.cam import CAM, CamPlace, add_cam, find_cam, linear_layer
from sightline_export.graph.session import open_session, run
from sightline_export.signature import TensorSpec
from sightline_export.tasks.image_classification import ImageClassification
from sightline_export.verification.parity import Arrays, Runtime

CAM_TOLERANCE = 1e-3  # of the largest value, as for logits


def with_cam(candidate: Candidate, graph: Path) -> Candidate:
    """`candidate` with the further output CAM, which is added to the graph that it wrote; itself where there is none.

    A classifier that ends in global average pooling and one linear layer has such maps. Its plain answers stay as
    they are; they take longer by the one layer, 1.5 % in resnet18.

    graph: the file that `candidate.write_graph` has written.
    """
    task = candidate.spec.task
    if not isinstance(task, ImageClassification) or any(extra.name == CAM for extra in task.extra):
        return candidate
    place = find_cam(onnx.load(graph, load_external_data=False), graph.parent)
    shape = add_cam(graph)
    if place is None or shape is None:
        return candidate
    extra = TensorSpec(CAM, "FP32", shape, tolerance=max(CAM_TOLERANCE, task.tolerance))
    spec = replace(candidate.spec, task=replace(task, extra=(*task.extra, extra)))
    return replace(candidate, spec=spec, reference=_with_maps(candidate.reference, graph, place))


def _with_maps(reference: Runtime, graph: Path, place: CamPlace) -> Runtime:
    """The reference, and the maps by their definition: the linear layer at each place of the feature map."""
    model = onnx.load(graph, load_external_data=False)
    weights = linear_layer(place, graph.parent)
    del model.graph.output[:]
    model.graph.output.append(onnx.ValueInfoProto(name=place.features))
    session = open_session(model, graph.parent)

    def maps(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        features = np.asarray(run(session, pixels)[0], dtype=np.float32)
        if place.nhwc:
            features = np.moveaxis(features, 3, 1)
        return features if weights is None else np.einsum("bchw,kc->bkhw", features, weights)

    def answer(inputs: Arrays) -> Arrays:
        answers: Mapping[str, NDArray[np.generic]] = reference(inputs)
        return {**answers, CAM: maps(inputs["PIXELS"])}

    return answer
