"""Further configurations of a network for `--model-config-name`: on a GPU, and with TensorRT."""

from __future__ import annotations

from sightline_export.entries import network_name
from sightline_export.model_spec import ModelSpec
from sightline_export.repository.model_config import ModelConfig, network_config
from sightline_export.tensorrt import shapes


def network_variants(spec: ModelSpec, *, tensorrt: bool) -> dict[str, ModelConfig]:
    """The variants by name.

    gpu: ONNX Runtime on CUDA. tensorrt: a `model.plan` that was built ahead. onnxruntime_tensorrt: ONNX Runtime builds
    the engine itself, when it loads the model.
    """
    gpu = _on_gpu(spec, {"name": "cuda", "parameters": {"use_tf32": "0"}})
    if not tensorrt:
        return {"gpu": gpu}
    plan = _network(spec) | _ONE_GPU | {"backend": "tensorrt", "default_model_filename": "model.plan"}
    engine = {"precision_mode": "FP32", "trt_engine_cache_enable": "true", "trt_engine_cache_path": "/tmp"}  # noqa: S108
    profile = {f"trt_profile_{bound}_shapes": value for bound, value in shapes(spec).items()}
    built_at_load = _on_gpu(spec, {"name": "tensorrt", "parameters": engine | profile})
    return {"gpu": gpu, "tensorrt": plan, "onnxruntime_tensorrt": built_at_load}


_ONE_GPU: ModelConfig = {"instance_group": [{"kind": "KIND_GPU", "count": 1}]}


def _network(spec: ModelSpec) -> ModelConfig:
    return network_config(network_name(spec.name), spec.task.network_signature(spec), spec.max_batch_size)


def _on_gpu(spec: ModelSpec, accelerator: ModelConfig) -> ModelConfig:
    # CUDA would otherwise round to the 10-bit mantissas of TF32, and golden answers would differ from the CPU's.
    accelerators = {"execution_accelerators": {"gpu_execution_accelerator": [accelerator]}}
    return _network(spec) | _ONE_GPU | {"optimization": accelerators}
