"""Which of ONNX Runtime's execution providers a model instance uses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from sightline_backend.errors import ModelConfigError, ParameterError
from sightline_backend.model_config import string_parameters
from sightline_backend.onnx_runtime.values import parse_bool, parse_int

Kind = Literal["CPU", "GPU", "AUTO", "MODEL"]
Provider = tuple[str, dict[str, str]]

CPU: Provider = ("CPUExecutionProvider", {})

_PRECISIONS = {"FP32": None, "FP16": "trt_fp16_enable", "BF16": "trt_bf16_enable", "INT8": "trt_int8_enable"}
_CUDNN_SEARCHES = {0: "EXHAUSTIVE", 1: "HEURISTIC", 2: "DEFAULT"}
_ARENA_STRATEGIES = {0: "kNextPowerOfTwo", 1: "kSameAsRequested"}
_CUDA_BOOLS = frozenset({"do_copy_in_default_stream", "use_ep_level_unified_stream"})

_Parse = Callable[[str], object]
_TENSORRT: dict[str, _Parse] = {
    "trt_max_partition_iterations": parse_int,
    "trt_min_subgraph_size": parse_int,
    "trt_dla_enable": parse_bool,
    "trt_dla_core": parse_int,
    "trt_engine_cache_enable": parse_bool,
    "trt_engine_cache_path": str,
    "trt_engine_cache_prefix": str,
    "trt_dump_subgraphs": parse_bool,
    "trt_force_sequential_engine_build": parse_bool,
    "trt_context_memory_sharing_enable": parse_bool,
    "trt_layer_norm_fp32_fallback": parse_bool,
    "trt_timing_cache_enable": parse_bool,
    "trt_timing_cache_path": str,
    "trt_force_timing_cache": parse_bool,
    "trt_detailed_build_log": parse_bool,
    "trt_build_heuristics_enable": parse_bool,
    "trt_sparsity_enable": parse_bool,
    "trt_builder_optimization_level": parse_int,
    "trt_auxiliary_streams": parse_int,
    "trt_tactic_sources": str,
    "trt_extra_plugin_lib_paths": str,
    "trt_profile_min_shapes": str,
    "trt_profile_max_shapes": str,
    "trt_profile_opt_shapes": str,
    "trt_cuda_graph_enable": parse_bool,
    "trt_dump_ep_context_model": parse_bool,
    "trt_ep_context_file_path": str,
    "trt_ep_context_embed_mode": parse_int,
}
_TENSORRT_RENAMED: dict[str, tuple[str, _Parse]] = {
    "max_workspace_size_bytes": ("trt_max_workspace_size", parse_int),
    "int8_calibration_table_name": ("trt_int8_calibration_table_name", str),
    "int8_use_native_calibration_table": ("trt_int8_use_native_calibration_table", parse_bool),
}


def choose_providers(
    config: Mapping[str, Any], kind: str, device_id: int, available: Sequence[str]
) -> tuple[list[Provider], list[str]]:
    """Choose the providers of one model instance, most wanted first.

    Args:
        config: the model's configuration.
        kind: the instance's kind, CPU, GPU, AUTO or MODEL. Accelerators for the GPU count for GPU and AUTO only.
        device_id: the GPU's number.
        available: the names of the providers that this build of ONNX Runtime offers.

    Returns:
        The providers, each with its options, and warnings for the log. A CPU accelerator that this build lacks is a
        warning, because the answers are the same without it; a GPU that can't be used is an error.

    Raises:
        ParameterError: an unknown accelerator, parameter or value.
        ModelConfigError: this build of ONNX Runtime can't use a GPU.
    """
    accelerators = config.get("optimization", {}).get("execution_accelerators", {})
    on_gpu = kind == "GPU" or (kind == "AUTO" and "CUDAExecutionProvider" in available)
    gpu = _gpu_providers(config, accelerators.get("gpu_execution_accelerator", []), device_id) if on_gpu else []
    for name, _ in gpu:
        if name not in available:
            raise ModelConfigError(
                f"model '{config.get('name', '')}': expected an ONNX Runtime with {name} for an instance of kind "
                f"KIND_GPU, this one offers {', '.join(available)}; install onnxruntime-gpu or set KIND_CPU in "
                "instance_group"
            )
    cpu: list[Provider] = []
    warnings: list[str] = []
    for entry in accelerators.get("cpu_execution_accelerator", []):
        if entry["name"] != "openvino":
            raise ParameterError(f"unknown Execution Accelerator '{entry['name']}' is requested")
        if "OpenVINOExecutionProvider" in available:
            cpu.append(("OpenVINOExecutionProvider", {"device_type": "CPU"}))
        else:
            warnings.append(
                f"model '{config.get('name', '')}': this ONNX Runtime has no OpenVINO, "
                "its own CPU kernels are used: the answers are the same, the speed is not"
            )
    return [*gpu, *cpu, CPU], warnings


def _gpu_providers(config: Mapping[str, Any], accelerators: Sequence[Any], device_id: int) -> list[Provider]:
    found: list[Provider] = []
    cuda = _cuda_options(string_parameters(config))
    for entry in accelerators:
        parameters: dict[str, str] = entry.get("parameters", {})
        if entry["name"] == "tensorrt":
            found.append(("TensorrtExecutionProvider", _tensorrt_options(parameters) | {"device_id": str(device_id)}))
        elif entry["name"] == "cuda":
            for key in _CUDA_BOOLS & parameters.keys():
                parse_bool(parameters[key])
            cuda |= {key: value for key, value in parameters.items() if value}
        else:
            raise ParameterError(f"unknown Execution Accelerator '{entry['name']}' is requested")
    return [*found, ("CUDAExecutionProvider", cuda | {"device_id": str(device_id)})]


def _tensorrt_options(parameters: Mapping[str, str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for key, value in parameters.items():
        if key == "precision_mode":
            if value not in _PRECISIONS:
                raise ParameterError(f"unsupported precision mode '{value}' is requested")
            option, value = _PRECISIONS[value], "1"
        elif key in _TENSORRT_RENAMED:
            option, parse = _TENSORRT_RENAMED[key]
            parse(value)
        elif key in _TENSORRT:
            option = key
            _TENSORRT[key](value)
        else:
            raise ParameterError(f"unknown parameter '{key}' is provided for TensorRT Execution Accelerator")
        if option is not None and value:
            options[option] = value
    return options


def _cuda_options(parameters: Mapping[str, str]) -> dict[str, str]:
    """The deprecated way to set options of CUDA: as the model's own parameters."""
    options: dict[str, str] = {}
    for key, choices in (("cudnn_conv_algo_search", _CUDNN_SEARCHES), ("arena_extend_strategy", _ARENA_STRATEGIES)):
        if key in parameters:
            number = parse_int(parameters[key])
            if number not in choices:
                raise ParameterError(f"unsupported {key} value '{number}' is requested")
            options[key] = choices[number]
    options |= {key: parameters[key] for key in ("gpu_mem_limit", "do_copy_in_default_stream") if key in parameters}
    return options
