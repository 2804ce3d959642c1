"""Configurations for other machines: what they say, and that the whole of it is known to Triton's schema."""

import shutil
import subprocess
from pathlib import Path

import pytest

from sightline_export.recipe import find_recipe
from sightline_export.repository.model_config import from_text, to_text
from sightline_export.tensorrt import IMAGE, SCRIPT, add_plan, build_script, shapes
from sightline_export.variants import network_variants

ROOT = Path(__file__).parents[2]
SPEC = find_recipe("cnn").spec


def test_without_tensorrt_there_is_the_gpu_variant_only() -> None:
    (name,) = network_variants(SPEC, tensorrt=False)
    assert name == "gpu"


def test_the_gpu_variant_computes_in_full_float32() -> None:
    config = from_text(to_text(network_variants(SPEC, tensorrt=False)["gpu"]))
    assert config["instance_group"] == [{"count": 1, "kind": "KIND_GPU"}]
    (accelerator,) = config["optimization"]["execution_accelerators"]["gpu_execution_accelerator"]
    assert accelerator == {"name": "cuda", "parameters": {"use_tf32": "0"}}


def test_the_tensorrt_variant_serves_the_plan_with_the_same_tensors() -> None:
    variants = {name: from_text(to_text(config)) for name, config in network_variants(SPEC, tensorrt=True).items()}
    plan = variants["tensorrt"]
    assert (plan["backend"], plan["default_model_filename"]) == ("tensorrt", "model.plan")
    for config in variants.values():
        assert (config["input"], config["output"]) == (plan["input"], plan["output"])
        assert config["max_batch_size"] == 32


def test_onnx_runtime_builds_engines_for_every_batch_that_is_served() -> None:
    config = from_text(to_text(network_variants(SPEC, tensorrt=True)["onnxruntime_tensorrt"]))
    (accelerator,) = config["optimization"]["execution_accelerators"]["gpu_execution_accelerator"]
    assert accelerator["name"] == "tensorrt"
    assert accelerator["parameters"]["trt_profile_min_shapes"] == "PIXELS:1x64x64x3"
    assert accelerator["parameters"]["trt_profile_max_shapes"] == "PIXELS:32x64x64x3"
    assert accelerator["parameters"]["precision_mode"] == "FP32"


def test_our_drop_in_knows_every_option_of_the_accelerators() -> None:
    from sightline_backend.onnx_runtime.providers import choose_providers

    offered = ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    for name in ("gpu", "onnxruntime_tensorrt"):
        config = from_text(to_text(network_variants(SPEC, tensorrt=True)[name]))
        providers, warnings = choose_providers(config, "GPU", 0, offered)
        assert len(providers) == (3 if "tensorrt" in name else 2)
        assert warnings == []


def test_the_script_runs_the_container_that_serves() -> None:
    assert f"ARG TRITON_IMAGE={IMAGE}" in (ROOT / "deploy" / "triton" / "Dockerfile").read_text()
    script = build_script(SPEC, 3)
    assert "--optShapes=PIXELS:32x64x64x3" in script
    assert '"$PWD/3:/model"' in script


def test_the_script_is_one_that_a_shell_can_read(tmp_path: Path) -> None:
    (tmp_path / SCRIPT).write_text(build_script(SPEC, 1))
    subprocess.run(["sh", "-n", str(tmp_path / SCRIPT)], check=True)


DOCKER = """#!/bin/sh
echo "$@" > "$(dirname "$0")/said"
touch "$MODEL/1/model.plan.partial"
"""


def test_the_script_puts_the_finished_plan_in_place(tmp_path: Path) -> None:
    """Docker itself is not here: a program of that name stands in, and writes the file that trtexec would write."""
    network, programs = tmp_path / "cnn_network", tmp_path / "bin"
    (network / "1").mkdir(parents=True)
    programs.mkdir()
    (programs / "docker").write_text(DOCKER)
    (programs / "docker").chmod(0o755)
    (network / SCRIPT).write_text(build_script(SPEC, 1))
    path = f"{programs}:{Path(shutil.which('sh') or '/bin/sh').parent}"
    environment = {"PATH": path, "MODEL": str(network), "TRITON_IMAGE": "other/image"}
    subprocess.run(["sh", str(network / SCRIPT)], env=environment, check=True)
    assert (network / "1" / "model.plan").exists()
    said = (programs / "said").read_text()
    assert "--gpus all" in said
    assert "other/image /usr/src/tensorrt/bin/trtexec --onnx=/model/model.onnx" in said


def test_without_the_package_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tensorrt", None)  # as where it is not installed
    said = add_plan(tmp_path, 1, SPEC)
    assert said == (
        "TensorRT: no model.plan, this machine has no package tensorrt; where the GPU is, run build-tensorrt.sh"
    )
    assert (tmp_path / SCRIPT).stat().st_mode & 0o100


def test_shapes_of_the_generator_are_those_of_its_noise_and_its_class() -> None:
    assert shapes(find_recipe("gan").spec) == {
        "min": "NOISE:1x100,CLASS:1x1",
        "opt": "NOISE:32x100,CLASS:32x1",
        "max": "NOISE:32x100,CLASS:32x1",
    }
