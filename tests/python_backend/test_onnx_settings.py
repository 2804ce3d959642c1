"""The onnxruntime drop-in: session options and execution providers from a configuration."""

from typing import Any

import pytest

from sightline_backend.errors import ModelConfigError, ParameterError
from sightline_backend.onnx_runtime.providers import CPU, choose_providers
from sightline_backend.onnx_runtime.settings import SessionSettings

Config = dict[str, Any]
ALL_PROVIDERS = [
    "TensorrtExecutionProvider",
    "CUDAExecutionProvider",
    "OpenVINOExecutionProvider",
    "CPUExecutionProvider",
]


def parameters(**values: str) -> Config:
    return {"parameters": {key: {"string_value": value} for key, value in values.items()}}


def test_the_default_settings_are_those_of_the_cpp_backend_without_spinning() -> None:
    assert SessionSettings.from_config({}) == SessionSettings(
        session_entries={"session.intra_op.allow_spinning": "0", "session.inter_op.allow_spinning": "0"}
    )
    assert SessionSettings().graph_level == "all"


@pytest.mark.parametrize(
    ("level", "expected"), [(-1, "basic"), (0, "all"), (1, "extended"), (2, "disabled"), (3, "all")]
)
def test_graph_levels(level: int, expected: str) -> None:
    assert SessionSettings.from_config({"optimization": {"graph": {"level": level}}}).graph_level == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("TRUE", True), ("on", True), ("1", True), ("False", False), ("OFF", False), ("0", False)],
)
def test_truth_values(text: str, expected: bool) -> None:
    settings = SessionSettings.from_config(parameters(enable_mem_arena=text, enable_mem_pattern=text))
    assert (settings.cpu_mem_arena, settings.mem_pattern) == (expected, expected)


def test_there_is_no_arena_unless_a_parameter_needs_it() -> None:
    shrinkage = {"memory.enable_memory_arena_shrinkage": "cpu:0"}
    assert not SessionSettings.from_config({}).cpu_mem_arena
    assert SessionSettings.from_config(parameters(**shrinkage)).cpu_mem_arena
    assert not SessionSettings.from_config(parameters(**shrinkage, enable_mem_arena="0")).cpu_mem_arena


def test_every_parameter_is_read() -> None:
    config = parameters(
        **{
            "intra_op_thread_count": "3",
            "inter_op_thread_count": "2",
            "execution_mode": "1",
            "memory.enable_memory_arena_shrinkage": "cpu:0",
            "session.use_device_allocator_for_initializers": "1",
            "session.intra_op.allow_spinning": "1",
            "something_else": "is left alone",
        }
    ) | {"model_operations": {"op_library_filename": ["a.so", "b.so"]}}
    assert SessionSettings.from_config(config) == SessionSettings(
        parallel=True,
        intra_op_threads=3,
        inter_op_threads=2,
        session_entries={
            "session.intra_op.allow_spinning": "1",
            "session.inter_op.allow_spinning": "0",
            "session.use_device_allocator_for_initializers": "1",
        },
        cpu_mem_arena=True,
        run_entries={"memory.enable_memory_arena_shrinkage": "cpu:0"},
        op_libraries=("a.so", "b.so"),
    )


def test_a_negative_thread_count_is_the_default() -> None:
    assert SessionSettings.from_config(parameters(intra_op_thread_count="-2")).intra_op_threads == 0


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("execution_mode", "2", "Expected values for  execution_mode are 0 or 1 but got 2 ."),
        ("execution_mode", "x", "failed to convert 'x' to integral number"),
        ("intra_op_thread_count", "many", "failed to convert 'many' to integral number"),
        ("inter_op_thread_count", "", "failed to convert '' to integral number"),
        ("enable_mem_arena", "yes", "failed to convert 'yes' to boolean"),
        ("enable_mem_pattern", "2", "failed to convert '2' to boolean"),
    ],
)
def test_unusable_values_are_refused_in_the_cpp_backends_words(key: str, value: str, message: str) -> None:
    with pytest.raises(ParameterError) as refused:
        SessionSettings.from_config(parameters(**{key: value}))
    assert message in str(refused.value)


def accelerated(key: str, name: str, **options: str) -> Config:
    return {"name": "m", "optimization": {"execution_accelerators": {key: [{"name": name, "parameters": options}]}}}


def names(providers: list[tuple[str, dict[str, str]]]) -> list[str]:
    return [name for name, _ in providers]


@pytest.mark.parametrize("name", ["tensorrt", "cuda", "anything"])
def test_gpu_accelerators_are_harmless_on_a_cpu_instance(name: str) -> None:
    config = accelerated("gpu_execution_accelerator", name, nonsense="1")
    assert choose_providers(config, "CPU", 0, ALL_PROVIDERS) == ([CPU], [])


def test_openvino_is_used_where_it_is_offered_and_missed_with_a_warning() -> None:
    config = accelerated("cpu_execution_accelerator", "openvino")
    assert choose_providers(config, "CPU", 0, ALL_PROVIDERS) == (
        [("OpenVINOExecutionProvider", {"device_type": "CPU"}), CPU],
        [],
    )
    providers, warnings = choose_providers(config, "CPU", 0, ["CPUExecutionProvider"])
    assert providers == [CPU]
    assert len(warnings) == 1
    assert "has no OpenVINO" in warnings[0]


def test_a_gpu_instance_uses_cuda_on_its_device() -> None:
    providers, _ = choose_providers({"name": "m"}, "GPU", 3, ALL_PROVIDERS)
    assert providers == [("CUDAExecutionProvider", {"device_id": "3"}), CPU]


def test_a_gpu_instance_without_cuda_is_refused_with_advice() -> None:
    with pytest.raises(ModelConfigError) as refused:
        choose_providers({"name": "m"}, "GPU", 0, ["AzureExecutionProvider", "CPUExecutionProvider"])
    assert str(refused.value) == (
        "model 'm': expected an ONNX Runtime with CUDAExecutionProvider for an instance of kind KIND_GPU, this one "
        "offers AzureExecutionProvider, CPUExecutionProvider; install onnxruntime-gpu or set KIND_CPU in instance_group"
    )


@pytest.mark.parametrize(
    ("available", "expected"),
    [(ALL_PROVIDERS, "CUDAExecutionProvider"), (["CPUExecutionProvider"], "CPUExecutionProvider")],
)
def test_an_auto_instance_uses_what_is_there(available: list[str], expected: str) -> None:
    assert names(choose_providers({"name": "m"}, "AUTO", 0, available)[0])[0] == expected


def test_tensorrt_options_are_translated() -> None:
    config = accelerated(
        "gpu_execution_accelerator",
        "tensorrt",
        precision_mode="FP16",
        max_workspace_size_bytes="1073741824",
        trt_engine_cache_enable="true",
        trt_engine_cache_path="/cache",
        int8_calibration_table_name="",
    )
    providers, _ = choose_providers(config, "GPU", 1, ALL_PROVIDERS)
    assert names(providers) == ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    assert providers[0][1] == {
        "trt_fp16_enable": "1",
        "trt_max_workspace_size": "1073741824",
        "trt_engine_cache_enable": "true",
        "trt_engine_cache_path": "/cache",
        "device_id": "1",
    }


def test_cuda_options_come_from_the_accelerator_and_from_the_old_parameters() -> None:
    config = accelerated("gpu_execution_accelerator", "cuda", use_tf32="0", do_copy_in_default_stream="0")
    config |= parameters(cudnn_conv_algo_search="1", gpu_mem_limit="99", arena_extend_strategy="1")
    assert choose_providers(config, "GPU", 0, ALL_PROVIDERS)[0][0] == (
        "CUDAExecutionProvider",
        {
            "cudnn_conv_algo_search": "HEURISTIC",
            "arena_extend_strategy": "kSameAsRequested",
            "gpu_mem_limit": "99",
            "use_tf32": "0",
            "do_copy_in_default_stream": "0",
            "device_id": "0",
        },
    )


@pytest.mark.parametrize(
    ("config", "kind", "message"),
    [
        (
            accelerated("gpu_execution_accelerator", "abacus"),
            "GPU",
            "unknown Execution Accelerator 'abacus' is requested",
        ),
        (accelerated("cpu_execution_accelerator", "cuda"), "CPU", "unknown Execution Accelerator 'cuda' is requested"),
        (
            accelerated("gpu_execution_accelerator", "tensorrt", speed="11"),
            "GPU",
            "unknown parameter 'speed' is provided for TensorRT Execution Accelerator",
        ),
        (
            accelerated("gpu_execution_accelerator", "tensorrt", precision_mode="FP4"),
            "GPU",
            "unsupported precision mode 'FP4' is requested",
        ),
        (
            accelerated("gpu_execution_accelerator", "tensorrt", trt_dla_core="a"),
            "GPU",
            "failed to convert 'a' to integral number",
        ),
        (
            accelerated("gpu_execution_accelerator", "cuda", do_copy_in_default_stream="maybe"),
            "GPU",
            "failed to convert 'maybe' to boolean",
        ),
        (parameters(cudnn_conv_algo_search="3"), "GPU", "unsupported cudnn_conv_algo_search value '3' is requested"),
        (parameters(arena_extend_strategy="3"), "GPU", "unsupported arena_extend_strategy value '3' is requested"),
    ],
)
def test_unusable_accelerators_are_refused(config: Config, kind: str, message: str) -> None:
    with pytest.raises(ParameterError) as refused:
        choose_providers(config, kind, 0, ALL_PROVIDERS)
    assert str(refused.value) == message
