from pathlib import Path

import pytest

from sightline_server.backend_directory import is_shell_safe, linked_repository
from sightline_server.preflight import (
    SharedMemory,
    StubStart,
    check_backends,
    check_glibc,
    check_model_names,
    check_open_files,
    check_opencv,
    check_packages,
    check_ports,
    check_shared_memory,
    check_stub,
    missing_library,
)
from sightline_server.repository import Model
from sightline_server.runtime import Python, Runtime
from sightline_server.selection import Selection

PACKAGES = {"numpy": "1.26.4", "onnxruntime": "1.31.1", "pillow": "13.0.0", "sightline-backend": "0.1.0"}
REFUSED = "I1121 07:04:20.065070 4378 pb_stub.cc:2059]  Expected 9 arguments, found 1 arguments.\n"
NO_LIBPYTHON = (
    "/rt/triton_python_backend_stub: error while loading shared libraries: libpython3.11.so.1.0: "
    "cannot open shared object file: No such file or directory\n"
)
SHORT_LIBPYTHON = (
    "/rt/triton_python_backend_stub: error while loading shared libraries: /x/libpython3.12.so.1.0: file too short\n"
)
NO_CUDART = (
    "stub: error while loading shared libraries: libcudart-09529672.so.12.6.77: cannot open shared object file\n"
)


def python(packages: dict[str, str | None] | None = None, problems: dict[str, str] | None = None) -> Python:
    return Python(Path("/rt/bin/python"), (3, 11, 7), {**PACKAGES, **(packages or {})}, problems or {}, None, None)


def runtime(interpreter: Python | None) -> Runtime:
    return Runtime(Path("/t/bin/tritonserver"), Path("/t/backends"), None, Path("/t/stub"), interpreter)


def selection(name: str, backend: str) -> Selection:
    model = Model(name, Path(name), backend, False, (), (1,), None, (), (), 1)
    return Selection((model,), (name,), ())


@pytest.mark.parametrize(
    ("version", "ok"),
    [("glibc 2.35", True), ("glibc 2.41", True), ("glibc 3.0", True), ("glibc 2.31", False), ("", False)],
)
def test_the_c_library_must_be_glibc_2_35(version: str, ok: bool) -> None:
    finding = check_glibc(version)
    assert finding.ok is ok
    assert ok or ("2.35" in finding.found and finding.advice)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (NO_LIBPYTHON, ("libpython3.11.so.1.0", "cannot open shared object file: No such file or directory")),
        (SHORT_LIBPYTHON, ("libpython3.12.so.1.0", "file too short")),
        (REFUSED, None),
    ],
)
def test_the_missing_library_is_read_from_the_words_of_the_loader(
    output: str, expected: tuple[str, str] | None
) -> None:
    assert missing_library(StubStart(127, output)) == expected


@pytest.mark.parametrize(
    ("start", "advice"),
    [
        (StubStart(127, NO_LIBPYTHON), "apt-get install libpython3.11`"),
        (StubStart(127, SHORT_LIBPYTHON), "apt-get install libpython3.12`"),
        (StubStart(127, NO_CUDART), "sightline install-runtime"),
        (StubStart(-6, "Fatal Python error: init_fs_encoding"), "sightline install-runtime"),
        (StubStart(None, ""), "sightline install-runtime"),
    ],
    ids=["no libpython", "short libpython", "no cudart", "abort", "hangs"],
)
def test_a_stub_that_cannot_start_is_found_with_the_remedy(start: StubStart, advice: str) -> None:
    finding = check_stub(start, python())
    assert not finding.ok
    assert advice in finding.advice


def test_a_stub_that_asks_for_its_arguments_is_well() -> None:
    finding = check_stub(StubStart(1, REFUSED), python())
    assert finding.ok
    assert finding.found == "starts, Python 3.11"


@pytest.mark.parametrize("version", ["2.0.0", "2.3.1", "3.0"])
def test_numpy_2_in_the_runtime_is_refused_with_the_reason(version: str) -> None:
    (failed,) = (finding for finding in check_packages(python({"numpy": version})) if not finding.ok)
    assert failed.check == "numpy"
    assert "silently answers with empty tensors" in failed.found
    assert "install 'numpy<2'" in failed.advice


@pytest.mark.parametrize("package", list(PACKAGES))
def test_a_package_that_cannot_be_imported_is_named(package: str) -> None:
    problem = {package: "ImportError: broken"}
    (failed,) = (finding for finding in check_packages(python(problems=problem)) if not finding.ok)
    assert failed.check == package
    assert "ImportError: broken" in failed.found


def test_a_complete_runtime_passes() -> None:
    assert all(finding.ok for finding in check_packages(python()))


@pytest.mark.parametrize(
    ("memory", "instances", "ok", "said"),
    [
        (SharedMemory(True, True, 18 << 20), 1, True, "18 MiB free"),
        (SharedMemory(True, True, 64_000_000), 20, True, "61 MiB free"),
        (SharedMemory(True, True, 18 << 20), 2, False, "expected 20 MiB for 2 Python processes"),
        (SharedMemory(True, False, 1 << 40), 1, False, "may write"),
        (SharedMemory(False, False, 0), 1, False, "there is none"),
    ],
    ids=["just enough", "the default of Docker", "too little", "not writable", "missing"],
)
def test_shared_memory(memory: SharedMemory, instances: int, ok: bool, said: str) -> None:
    finding = check_shared_memory(memory, instances)
    assert finding.ok is ok
    assert said in finding.found


@pytest.mark.parametrize(("limit", "ok"), [(None, True), (1024, True), (64, False)])
def test_open_files(limit: int | None, ok: bool) -> None:
    assert check_open_files(limit).ok is ok


def test_a_port_in_use_names_the_flag_that_chooses_another() -> None:
    problems = {
        "--http-port": (8000, "Address already in use"),
        "--grpc-port": (8001, None),
        "--metrics-port": (0, None),
    }
    http, grpc, metrics = check_ports(problems)
    assert not http.ok
    assert http.found == "port 8000 cannot be used: Address already in use"
    assert "--http-port" in http.advice
    assert grpc.ok
    assert metrics.found == "any free port"


def test_a_backend_that_is_not_there_is_named_with_its_model() -> None:
    finding = check_backends(selection("net", "openvino"), runtime(python()), ["onnxruntime"])
    assert not finding.ok
    assert "net needs the backend 'openvino', found onnxruntime, python" in finding.found
    assert "install-runtime" in finding.advice


def test_in_a_container_a_missing_backend_has_to_be_copied() -> None:
    finding = check_backends(selection("decode", "image_decode"), runtime(None), ["onnxruntime"])
    assert "python_backend/ into /t/backends" in finding.advice


@pytest.mark.parametrize("backend", ["face_align", "face_cascade"])
def test_models_of_faces_and_no_others_need_opencv(backend: str) -> None:
    without = runtime(python(problems={"opencv-python-headless": "No module named 'cv2'"}))
    (finding,) = check_opencv(selection("who", backend), without)
    assert not finding.ok
    assert str(finding).startswith("opencv-python-headless: expected it for who: No module named 'cv2'; run `sightline")
    (finding,) = check_opencv(selection("who", backend), runtime(python({"opencv-python-headless": "4.11.0.86"})))
    assert (finding.ok, finding.found) == (True, "4.11.0.86")
    assert check_opencv(selection("net", "onnxruntime"), without) == []
    assert check_opencv(selection("who", backend), runtime(None)) == []


@pytest.mark.parametrize("backend", ["", "python", "onnxruntime"])
def test_backends_that_are_there_pass(backend: str) -> None:
    assert check_backends(selection("net", backend), runtime(python()), ["onnxruntime"]).ok


@pytest.mark.parametrize(
    ("path", "safe"),
    [("/srv/models-1.2_x", True), ("/my models", False), ("/a;b", False), ("/a$(b)", False), ("/ä", False)],
)
def test_paths_that_a_shell_reads_otherwise_are_found(path: str, safe: bool) -> None:
    assert is_shell_safe(path) is safe


def test_a_repository_with_a_space_in_its_path_is_given_to_triton_by_a_link(tmp_path: Path) -> None:
    run_directory = tmp_path / "run"
    run_directory.mkdir()
    repository = tmp_path / "my models"
    repository.mkdir()
    link = linked_repository(repository, run_directory)
    assert link.parent == run_directory
    assert link.resolve() == repository


def test_a_model_name_that_a_shell_reads_otherwise_is_refused() -> None:
    finding = check_model_names(selection("a b", "python"))
    assert not finding.ok
    assert "'a b'" in finding.found
    assert check_model_names(selection("a.b-c_1", "python")).ok
