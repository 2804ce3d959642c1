"""`config.pbtxt` through Triton's own protobuf schema: built as a dictionary, checked and written by the schema."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf import json_format, text_format
from google.protobuf.message import Message
from tritonclient.grpc import model_config_pb2

from sightline_export.signature import Signature, TensorSpec

HEADER = "# Written by `sightline export`; the next export writes it again.\n"

ModelConfig = dict[str, Any]
"""A configuration by the field names of Triton's `model_config.proto`."""


@dataclass(frozen=True)
class Step:
    """One step of an ensemble: which model, and which ensemble tensor each of its tensors is."""

    model: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


def network_config(name: str, signature: Signature, max_batch_size: int) -> ModelConfig:
    """The ONNX graph `name`, served by whatever Triton calls `onnxruntime`: its C++ backend or our drop-in."""
    return backend_config(name, "onnxruntime", signature, max_batch_size)


def backend_config(
    name: str,
    backend: str,
    signature: Signature,
    max_batch_size: int,
    parameters: Mapping[str, str] | None = None,
    labels: Sequence[str] = (),
) -> ModelConfig:
    """A model of one CPU instance with dynamic batching. labels: told to clients as JSON."""
    config: ModelConfig = {"name": name, "backend": backend, "max_batch_size": max_batch_size, "dynamic_batching": {}}
    return (
        config | _tensors(signature) | _one_instance("KIND_CPU") | _parameters({**(parameters or {}), **_named(labels)})
    )


def ensemble_config(
    name: str, task: str, signature: Signature, steps: Sequence[Step], max_batch_size: int, labels: Sequence[str] = ()
) -> ModelConfig:
    """The model that users call. Its parameters tell clients the task and, of a classifier, the labels as JSON."""
    scheduling = {
        "step": [
            {
                "model_name": step.model,
                "model_version": -1,
                "input_map": dict(step.inputs),
                "output_map": dict(step.outputs),
            }
            for step in steps
        ]
    }
    config = {"name": name, "platform": "ensemble", "max_batch_size": max_batch_size, "ensemble_scheduling": scheduling}
    return config | _tensors(signature) | _parameters({"task": task, **_named(labels)})


def to_text(config: ModelConfig) -> str:
    """The text of a `config.pbtxt`. Raises google.protobuf.json_format.ParseError for a field Triton does not know."""
    message = json_format.ParseDict(config, _empty_message())
    return HEADER + text_format.MessageToString(message)


def from_text(text: str) -> ModelConfig:
    """Parse a `config.pbtxt`. Raises google.protobuf.text_format.ParseError with line and column.

    64-bit numbers (dims, model versions) come as strings, as in protobuf's JSON.
    """
    message = text_format.Parse(text, _empty_message())
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


def _empty_message() -> Message:
    return cast(Message, getattr(model_config_pb2, "ModelConfig")())  # noqa: B009  (protobuf makes its classes at run time)


def _one_instance(kind: str) -> ModelConfig:
    # Written out because Triton's default for `onnxruntime` on a CPU is two instances.
    return {"instance_group": [{"kind": kind, "count": 1}]}


def _tensors(signature: Signature) -> ModelConfig:
    def tensor(spec: TensorSpec) -> dict[str, Any]:
        datatype = "STRING" if spec.datatype == "BYTES" else spec.datatype
        return {"name": spec.name, "data_type": f"TYPE_{datatype}", "dims": list(spec.shape)}

    return {
        "input": [
            tensor(spec)
            | ({"format": "FORMAT_NHWC"} if spec.nhwc else {})
            | ({"optional": True} if spec.optional else {})
            for spec in signature.inputs
        ],
        "output": [
            tensor(spec) | ({"label_filename": "labels.txt"} if spec.labelled else {}) for spec in signature.outputs
        ],
    }


def _named(labels: Sequence[str]) -> dict[str, str]:
    return {"labels": json.dumps(list(labels))} if labels else {}


def _parameters(parameters: Mapping[str, str]) -> ModelConfig:
    return {"parameters": {key: {"string_value": value} for key, value in parameters.items()}} if parameters else {}
