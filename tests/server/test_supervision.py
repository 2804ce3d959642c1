"""A real tritonserver under supervision: started, hurt, repaired and ended."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import tritonclient.grpc as triton
from onnx import TensorProto, helper
from serving import Serve, Service, launch, stop

from sightline_server.shared_memory import SHARED_MEMORY
from sightline_server.stubs import find_stubs, is_alive

BOUND_S = 30.0

Start = Callable[[Path], Service]


@pytest.fixture(scope="module")
def length_service(shared_length_repository: Path) -> Iterator[Service]:
    service = launch(shared_length_repository)
    yield service
    stop(service)
    shutil.rmtree(service.directory)


def length_of(service: Service, text: bytes) -> int:
    client: Any = triton.InferenceServerClient(service.grpc_url.removeprefix("grpc://"))
    try:
        tensor: Any = triton.InferInput("TEXT", [1, 1], "BYTES")
        tensor.set_data_from_numpy(np.array([[text]], dtype=np.object_))
        return int(client.infer("length", [tensor], client_timeout=5).as_numpy("LENGTH").item())
    finally:
        client.close()


def eventually(happens: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + BOUND_S
    while time.monotonic() < deadline:
        try:
            if happens():
                return
        except (triton.InferenceServerException, OSError, ValueError):
            pass
        time.sleep(0.1)
    pytest.fail(f"{what} did not happen within {BOUND_S} s")


def regions() -> set[str]:
    return {path.name for path in SHARED_MEMORY.glob("triton_sightline_*")}


def regions_of(pids: Iterable[int]) -> set[str]:
    return {region for pid in pids for region in regions() if region in Path(f"/proc/{pid}/maps").read_text()}


def server_pid(service: Service) -> int:
    return int(json.loads((service.directory / "ready.json").read_text())["pid"])


def test_the_table_of_models_goes_to_stdout_and_all_else_to_stderr(length_service: Service) -> None:
    header, row = length_service.stdout.splitlines()
    assert header.split()[:3] == ["MODEL", "VERSION", "TASK"]
    assert row.split() == ["length", "1", "text-length", "TEXT", "LENGTH", "1", "reproduced"]
    assert "Ready after" in length_service.stderr


def test_the_ready_file_says_what_is_served(length_service: Service) -> None:
    ready = json.loads((length_service.directory / "ready.json").read_text())
    assert ready["models"] == ["length", "length_step"]
    assert is_alive(ready["pid"])


def test_models_cannot_be_loaded_or_unloaded_without_the_key(length_service: Service) -> None:
    client: Any = triton.InferenceServerClient(length_service.grpc_url.removeprefix("grpc://"))
    with pytest.raises(triton.InferenceServerException, match="restricted"):
        client.unload_model("length")
    client.close()


def test_a_killed_python_process_is_replaced(length_service: Service) -> None:
    (pid,) = find_stubs(server_pid(length_service))
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: length_of(length_service, b"seven!!") == 7, "an answer")
    (replacement,) = find_stubs(server_pid(length_service))
    assert replacement != pid
    eventually(lambda: "length_step was loaded again" in length_service.stderr, "the message")


def test_python_processes_that_die_together_are_all_replaced(length_repository: Path, start: Start) -> None:
    shutil.copytree(length_repository / "length_step", length_repository / "other_step")
    service = start(length_repository)
    killed = find_stubs(service.pid)
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    eventually(lambda: set(find_stubs(service.pid).values()) == {"length_step_0_0", "other_step_0_0"}, "the repair")
    eventually(lambda: length_of(service, b"seven!!") == 7, "an answer")
    assert not killed.keys() & find_stubs(service.pid).keys()


def test_a_killed_tritonserver_is_started_again(length_service: Service) -> None:
    pid = server_pid(length_service)
    before = regions_of(find_stubs(pid))
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: server_pid(length_service) != pid, "a new process")
    assert before
    assert not before & regions()
    assert length_of(length_service, b"three") == 5
    assert "signal SIGKILL" in length_service.stderr


def test_a_tritonserver_that_is_killed_again_before_it_is_ready_is_started_again(
    length_repository: Path, start: Start
) -> None:
    service = start(length_repository)
    os.kill(service.pid, signal.SIGKILL)
    restarted: list[int] = []

    def is_starting() -> bool:
        children = Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
        restarted[:] = [int(pid) for pid in children if int(pid) != service.pid]
        return bool(restarted)

    eventually(is_starting, "a restart")
    assert not (service.directory / "ready.json").exists()
    os.kill(restarted[0], signal.SIGKILL)
    eventually(lambda: server_pid(service) not in (service.pid, restarted[0]), "another restart")
    assert "before it was ready" in service.stderr
    assert length_of(service, b"three") == 5


def test_sigterm_leaves_no_process_no_region_and_no_file(length_repository: Path, start: Start) -> None:
    service = start(length_repository)
    stubs = find_stubs(service.pid)
    assert len(stubs) == 1
    before = regions_of(stubs)
    assert before
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(BOUND_S) == 0
    assert not any(is_alive(pid) for pid in [service.pid, *stubs])
    assert not before & regions()
    assert not (service.directory / "ready.json").exists()


def test_sigterm_during_the_checks_before_the_start_ends_with_0_and_leaves_nothing(
    length_repository: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    # a runtime environment whose Python never answers: the checks cannot be over before the signal comes
    python = tmp_path / "runtime" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch {tmp_path}/asked\nexec sleep 60\n")
    python.chmod(0o755)
    ports = [argument for name in ("http", "grpc", "metrics") for argument in (f"--{name}-port", "0")]
    command = [sys.executable, "-m", "sightline_server", "serve", "--model-repository", str(length_repository)]
    process = subprocess.Popen(
        [*command, *ports, "--runtime", str(tmp_path / "runtime")],
        env={**os.environ, "TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
    )
    eventually((tmp_path / "asked").exists, "the check of the runtime")
    assert list(temporary.iterdir())
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=BOUND_S)
    assert (process.returncode, said) == (0, b"")
    assert not list(temporary.iterdir())


def test_a_supervisor_that_is_killed_takes_tritonserver_with_it(length_repository: Path, start: Start) -> None:
    service = start(length_repository)
    pids = [service.pid, *find_stubs(service.pid)]
    service.process.kill()
    service.process.wait()
    eventually(lambda: not any(is_alive(pid) for pid in pids), "the end of all processes")


def test_a_repository_with_a_space_in_its_path_and_no_golden_answers_is_served(
    tmp_path: Path, length_repository: Path, serve: Serve
) -> None:
    (length_repository / "length" / "1" / "golden" / "golden.json").unlink()
    repository = length_repository.rename(tmp_path / "my models; and more")
    service = serve(repository)
    assert length_of(service, b"12") == 2
    assert service.stdout.splitlines()[1].endswith("none")


def test_a_wrong_golden_answer_is_not_served(wrong_golden_repository: Path) -> None:
    with pytest.raises(RuntimeError, match=r"(?s)status 13.*self-test failed.*length version 1, wrong answer.*'five'"):
        launch(wrong_golden_repository)


def test_a_model_that_does_not_start_names_itself_and_the_reason(length_repository: Path) -> None:
    (length_repository / "length_step" / "1" / "model.py").write_text("raise ValueError('the disk is full')")
    with pytest.raises(
        RuntimeError, match=r"status 13.*\n(?s:.*)'length_step' could not be loaded: .*the disk is full"
    ):
        launch(length_repository)


def test_a_model_that_never_finishes_loading_is_given_up(length_repository: Path) -> None:
    hanging = "import time\nclass TritonPythonModel:\n    def initialize(self, args):\n        time.sleep(1000)\n"
    (length_repository / "length_step" / "1" / "model.py").write_text(hanging)
    with pytest.raises(RuntimeError, match=r"(?s)status 13.*not ready after.*still being loaded: length_step"):
        launch(length_repository, "--startup-timeout", "3")


def test_a_broken_onnx_file_is_named_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "repository" / "broken"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "model.onnx").write_bytes(b"this is not a graph")
    (folder / "config.pbtxt").write_text('backend: "onnxruntime"\ninstance_group { kind: KIND_CPU count: 1 }\n')
    with pytest.raises(RuntimeError, match=r"status 13.*\n(?s:.*)'broken' could not be loaded: .*(?i:protobuf)"):
        launch(tmp_path / "repository")


def test_a_plain_onnx_file_is_served_without_any_configuration(tmp_path: Path, serve: Serve) -> None:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 2]) for name in ("X", "Y"))
    graph = helper.make_graph([helper.make_node("Neg", ["X"], ["Y"])], "neg", [x], [y])
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 20)])
    (tmp_path / "neg" / "1").mkdir(parents=True)
    onnx.save(model, str(tmp_path / "neg" / "1" / "model.onnx"))
    service = serve(tmp_path)
    client: Any = triton.InferenceServerClient(service.grpc_url.removeprefix("grpc://"))
    tensor: Any = triton.InferInput("X", [1, 2], "FP32")
    tensor.set_data_from_numpy(np.array([[1.5, -2.0]], dtype=np.float32))
    assert client.infer("neg", [tensor]).as_numpy("Y").tolist() == [[-1.5, 2.0]]
    client.close()
