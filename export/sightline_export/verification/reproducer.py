"""What a failed verification leaves behind: a folder with everything that shows the difference again, and a script."""

from __future__ import annotations

import os
import shutil
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from sightline_export.errors import RepositoryUnusable
from sightline_export.graph.stages import RAW_KEY, boundaries
from sightline_export.verification.parity import Arrays, Parity

SCRIPT = "reproduce.py"
WRITTEN = "files.txt"  # one line per file that was written; only a folder that holds nothing else is ever removed

_GRAPH = '''"""{title}

Needs numpy and onnxruntime. Run it: python reproduce.py
"""

import os
from pathlib import Path

import numpy as np
import onnxruntime

os.chdir(Path(__file__).resolve().parent)
ROWS = slice({first}, {first} + {batch})
ALLOWED = {tolerance!r}

inputs = {{name: array[ROWS] for name, array in np.load("inputs.npz").items()}}
wanted = np.load("wanted.npz")["{output}"][ROWS]
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
(got,) = session.run(["{output}"], inputs)
'''

_SERVED = '''"""{title}

Needs numpy, pillow and tritonclient[grpc]. First, in this folder: sightline serve --model-repository repository
Then: python reproduce.py
"""

import io
import os
import sys
from pathlib import Path

import numpy as np
import tritonclient.grpc as triton
from PIL import Image
from tritonclient.utils import np_to_triton_dtype

os.chdir(Path(__file__).resolve().parent)
ROWS = slice({first}, {first} + {batch})
ALLOWED = {tolerance!r}


def pictures(files):
    return [np.asarray(Image.open(io.BytesIO(file)).convert("RGBA")) for file in files]


inputs = []
for folder in sorted(Path("inputs").iterdir()):
    if (folder / "values.npy").exists():
        array = np.load(folder / "values.npy")[ROWS]
    else:
        files = sorted(folder.iterdir())[ROWS]
        array = np.array([[file.read_bytes()] for file in files], dtype=np.object_)
    inputs.append(triton.InferInput(folder.name, array.shape, np_to_triton_dtype(array.dtype)))
    inputs[-1].set_data_from_numpy(array)
client = triton.InferenceServerClient(sys.argv[1] if len(sys.argv) > 1 else "localhost:8001")
got = client.infer("{model}", inputs).as_numpy("{output}")
wanted = Path("wanted")
if (wanted / "values.npy").exists():
    wanted = np.load(wanted / "values.npy")[ROWS]
else:
    wanted = np.stack(pictures(file.read_bytes() for file in sorted(wanted.iterdir())[ROWS]))
    got = np.stack(pictures(got.ravel()))
'''

_COMPARE = """
difference = np.abs(wanted.astype(np.float64) - got.astype(np.float64))
worst = np.unravel_index(np.argmax(np.nan_to_num(difference, nan=np.inf)), difference.shape)
print(f"{output} at index {{[int(i) for i in worst]}}: wanted {{wanted[worst]}}, got {{got[worst]}}")
print(f"largest difference {{difference.max():.6g}}, allowed is {{ALLOWED:.6g}}")
raise SystemExit(not difference.max() <= ALLOWED)
"""


def leave_graph_reproducer(folder: Path, worst: Parity, graph: Path, inputs: Arrays, wanted: Arrays) -> Path:
    """Write a folder that shows how ONNX Runtime differs from the reference; gives the script.

    folder: made anew where it holds what an earlier call wrote and nothing else; beside anything else the new folder is
        called NAME-2, NAME-3 and so on.

    Raises OSError where it can't be written, RepositoryUnusable (an OSError too) where it lies in a model repository.
    """
    folder = _new_folder(folder)
    for file in graph.parent.iterdir():
        shutil.copyfile(file, folder / ("model.onnx" if file == graph else file.name))
    model = onnx.load(folder / "model.onnx", load_external_data=False)
    if worst.output == RAW_KEY and (found := boundaries(model)):
        if found.raw != RAW_KEY:
            model.graph.node.append(onnx.helper.make_node("Identity", [found.raw], [RAW_KEY]))
        model.graph.output.append(onnx.ValueInfoProto(name=RAW_KEY))
        onnx.save(model, folder / "model.onnx")
    np.savez(folder / "inputs.npz", allow_pickle=False, **inputs)
    np.savez(folder / "wanted.npz", allow_pickle=False, **wanted)
    return _write(folder, _GRAPH, worst, title=f"ONNX Runtime does not give the right {worst.output}.")


def leave_served_reproducer(
    folder: Path, worst: Parity, model: str, staged: Path, inputs: Arrays, wanted: Arrays
) -> Path:
    """Write a folder that shows how the served answer differs from the reference; as :func:`leave_graph_reproducer`."""
    folder = _new_folder(folder)
    shutil.copytree(staged, folder / "repository")
    for name, array in inputs.items():
        _save(folder / "inputs" / name, array)
    _save(folder / "wanted", wanted[worst.output])
    return _write(
        folder, _SERVED, worst, title=f"The served model does not give the right {worst.output}.", model=model
    )


def _new_folder(wanted: Path) -> Path:
    place = wanted.absolute().parent
    if model := _model_beside_or_around(place):
        raise RepositoryUnusable(
            f"expected a folder that is no model repository for reproducers, got {place}, where {model} is a model; "
            "name another one with --reproducers"
        )
    place.mkdir(parents=True, exist_ok=True)
    folder, numbers = wanted, count(2)
    while os.path.lexists(folder):
        if _is_ours(folder):
            shutil.rmtree(folder)
            break
        folder = wanted.with_name(f"{wanted.name}-{next(numbers)}")
    folder.mkdir()
    return folder


def _model_beside_or_around(place: Path) -> Path | None:
    around = [place, *place.parents]
    beside = sorted(place.iterdir()) if place.is_dir() else []
    return next((folder for folder in (*around, *beside) if _is_model(folder)), None)


def _is_model(folder: Path) -> bool:
    try:
        return (folder / "config.pbtxt").exists()
    except PermissionError:  # a stranger's folder beside ours
        return False


def _is_ours(folder: Path) -> bool:
    manifest = folder / WRITTEN
    if folder.is_symlink() or not manifest.is_file():
        return False
    written = manifest.read_text(encoding="utf-8", errors="replace").splitlines()
    return SCRIPT in written and _files(folder) <= {*written, WRITTEN}


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


def _save(folder: Path, array: NDArray[Any]) -> None:
    folder.mkdir(parents=True)
    if array.dtype.kind != "O":
        np.save(folder / "values.npy", array, allow_pickle=False)
        return
    for index, element in enumerate(array.ravel().tolist()):
        (folder / f"{index:04d}").write_bytes(element)


def _write(folder: Path, template: str, worst: Parity, **words: str) -> Path:
    script = folder / SCRIPT
    text = (template + _COMPARE).format(
        first=worst.first, batch=worst.batch, tolerance=worst.tolerance, output=worst.output, **words
    )
    script.write_text(text, encoding="utf-8")
    (folder / WRITTEN).write_text("".join(f"{name}\n" for name in sorted(_files(folder))), encoding="utf-8")
    return script
