"""`model.plan` for NVIDIA's TensorRT: built here where there is a GPU, else the script that builds it in the container.

A plan runs only on the kind of GPU and with the version of TensorRT that it was built with, so the place to build it is
where it will be served. What was and was not run on real hardware is said in docs/export.md.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from sightline_export.model_spec import ModelSpec

IMAGE = "nvcr.io/nvidia/tritonserver:26.08-py3"  # the release that deploy/triton/Dockerfile pins
SCRIPT = "build-tensorrt.sh"

_SCRIPT = """\
#!/bin/sh
# Written by `sightline export --tensorrt`. Builds model.plan of version {version} with the TensorRT of the container
# that serves it, on the GPU of this machine. Needs Docker and the NVIDIA Container Toolkit. Then serve it with:
#   sightline serve --model-config-name tensorrt
set -eu
cd "$(dirname "$0")"
image=${{TRITON_IMAGE:-{image}}}
docker run --rm --gpus all --volume "$PWD/{version}:/model" "$image" /usr/src/tensorrt/bin/trtexec \\
    --onnx=/model/model.onnx --saveEngine=/model/model.plan.partial --noTF32 \\
    --minShapes={min} --optShapes={opt} --maxShapes={max}
mv {version}/model.plan.partial {version}/model.plan
"""


def shapes(spec: ModelSpec) -> dict[str, str]:
    """The smallest, the usual and the largest batch of every input, as trtexec and ONNX Runtime write them.

    >>> shapes(cnn)["max"]
    'PIXELS:32x64x64x3'
    """
    inputs = spec.task.network_signature(spec).inputs
    batches = {"min": 1, "opt": spec.max_batch_size, "max": spec.max_batch_size}
    return {
        bound: ",".join(f"{tensor.name}:{'x'.join(map(str, (batch, *tensor.shape)))}" for tensor in inputs)
        for bound, batch in batches.items()
    }


def build_script(spec: ModelSpec, version: int) -> str:
    """The shell script that builds the plan in the container of the pinned release."""
    return _SCRIPT.format(version=version, image=IMAGE, **shapes(spec))


def add_plan(network: Path, version: int, spec: ModelSpec) -> str:
    """Add the script, and where there is a GPU the plan, to the folder of a network; gives one line about it."""
    script = network / SCRIPT
    script.write_text(build_script(spec, version))
    script.chmod(0o755)
    try:
        trt = importlib.import_module("tensorrt")
    except ImportError:
        return f"TensorRT: no model.plan, this machine has no package tensorrt; where the GPU is, run {SCRIPT}"
    try:
        plan = _build(trt, network / str(version) / "model.onnx", spec)
    except Exception as error:  # without a GPU the package raises whatever its C++ side happens to meet first
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return f"TensorRT: no model.plan, the package tensorrt could not build it ({reason}); run {SCRIPT}"
    (network / str(version) / "model.plan").write_bytes(plan)
    return f"TensorRT: built model.plan, {len(plan) / 1e6:.1f} MB"


def _build(trt: Any, onnx: Path, spec: ModelSpec) -> bytes:
    logger = trt.Logger(trt.Logger.ERROR)
    builder = trt.Builder(logger)
    network = builder.create_network(0)
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(onnx)):
        raise RuntimeError("; ".join(str(parser.get_error(i)) for i in range(parser.num_errors)))
    config = builder.create_builder_config()
    config.clear_flag(trt.BuilderFlag.TF32)  # full float32, so that golden answers hold
    profile = builder.create_optimization_profile()
    for tensor in spec.task.network_signature(spec).inputs:
        one, most = (1, *tensor.shape), (spec.max_batch_size, *tensor.shape)
        profile.set_shape(tensor.name, one, most, most)
    config.add_optimization_profile(profile)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise RuntimeError("the builder gave no plan")
    return bytes(plan)
