"""The runtime environment of this checkout, and environments that are not one."""

import json
import sys
from pathlib import Path

import pytest

from sightline_server.backend_directory import assemble_backend_directory
from sightline_server.errors import MachineError
from sightline_server.install import Recipe, has_python_option, install_runtime, is_up_to_date
from sightline_server.machine import own_library, start_stub
from sightline_server.preflight import check_stub
from sightline_server.runtime import MARKER, Runtime, default_runtime, environment_runtime, find_runtime


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return find_runtime()


def test_the_runtime_holds_numpy_1_and_the_backends(runtime: Runtime) -> None:
    assert runtime.python is not None
    assert runtime.python.problems == {}
    assert (runtime.python.packages["numpy"] or "").startswith("1.")
    assert runtime.python.version[:2] == sys.version_info[:2]


def test_the_backend_directory_holds_a_copied_library_and_a_linked_stub(runtime: Runtime, tmp_path: Path) -> None:
    directory = assemble_backend_directory(runtime, tmp_path / "backends")
    library = directory / "python" / "libtriton_python.so"
    assert library.is_file()
    assert not library.is_symlink()
    assert (directory / "python" / "triton_python_backend_stub").is_symlink()
    for name in ("image_decode", "image_encode", "latent_noise", "onnxruntime"):
        assert (directory / name / "model.py").is_file()


def test_the_real_stub_starts(runtime: Runtime) -> None:
    assert check_stub(start_stub(runtime.stub), runtime.python).ok


def test_the_real_loader_names_the_library_of_python_that_it_cannot_use(runtime: Runtime, tmp_path: Path) -> None:
    assert runtime.python is not None
    (tmp_path / f"libpython{runtime.python.minor}.so.1.0").write_bytes(b"")
    finding = check_stub(start_stub(runtime.stub, tmp_path), runtime.python)
    assert not finding.ok
    assert f"apt-get install libpython{runtime.python.minor}`" in finding.advice


def test_the_stub_starts_with_the_library_of_its_own_python(runtime: Runtime, tmp_path: Path) -> None:
    assert runtime.python is not None
    library = own_library(runtime.python)
    if library is None:
        pytest.skip("this Python was built without a shared library")
    (tmp_path / library.name).symlink_to(library)
    assert check_stub(start_stub(runtime.stub, tmp_path), runtime.python).ok


def test_a_folder_that_is_no_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"is not a runtime environment.*sightline install-runtime"):
        environment_runtime(tmp_path)


def test_an_environment_without_triton_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    with pytest.raises(MachineError, match="holds no nvidia-pytriton"):
        environment_runtime(tmp_path)


def test_a_named_runtime_is_taken_from_the_environment_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTLINE_RUNTIME", str(tmp_path))
    with pytest.raises(MachineError, match=str(tmp_path)):
        find_runtime()


def test_an_unfinished_runtime_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("SIGHTLINE_RUNTIME", raising=False)
    default_runtime().mkdir(parents=True)
    with pytest.raises(MachineError, match="is not finished"):
        find_runtime()


def test_a_runtime_is_up_to_date_only_with_its_own_recipe(tmp_path: Path) -> None:
    recipe = Recipe("3.11.7", "triton==1", "numpy<2", "backend==1", "opencv==1")
    assert not is_up_to_date(tmp_path, recipe)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    marker = tmp_path / MARKER
    older = {"python": "3.11.7", "triton": "triton==1", "numpy": "numpy<2", "backend": "backend==1"}
    marker.write_text(json.dumps(older))
    assert not is_up_to_date(tmp_path, recipe)  # from before faces needed OpenCV
    marker.write_text(json.dumps({**older, "opencv": "opencv==1"}))
    assert is_up_to_date(tmp_path, recipe)
    assert not is_up_to_date(tmp_path, Recipe("3.11.7", "triton==1", "numpy<2", "backend==2", "opencv==1"))
    marker.write_text("half a fi")
    assert not is_up_to_date(tmp_path, recipe)


def test_a_python_without_a_stub_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Version(tuple[int, ...]):
        major, minor = 3, 14

    monkeypatch.setattr(sys, "version_info", Version((3, 14, 0)))
    with pytest.raises(MachineError, match=r"needs Python 3\.10, 3\.11, 3\.12.*this is python3\.14"):
        install_runtime(tmp_path / "runtime", "sightline-backend", lambda _text: None)
    assert not (tmp_path / "runtime").exists()


def test_a_package_that_cannot_be_installed_leaves_no_finished_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    target = tmp_path / "runtime"
    with pytest.raises(MachineError, match=r"(?s)nvidia-pytriton==0\.7\.0 could not be installed.*ERROR.*install\.log"):
        install_runtime(target, "sightline-backend", lambda _text: None)
    assert not (target / MARKER).exists()


@pytest.mark.parametrize(
    ("version", "has_it"),
    [("22.0.2", False), ("22.2", False), ("22.3", True), ("23.0.1", True), ("24.1b1", True), ("26.0", True)],
)
def test_an_old_pip_cannot_install_into_another_environment(version: str, has_it: bool) -> None:
    assert has_python_option(version) is has_it
