"""Where the backend folders are that Triton loads.

In an installed package they lie beside this file (`backends/<name>/model.py`); in a checkout, beside the package.
"""

from __future__ import annotations

from pathlib import Path

NAMES = (
    "class_map",
    "explain",
    "face_align",
    "face_cascade",
    "image_decode",
    "image_edit",
    "image_encode",
    "image_pair",
    "image_pipeline",
    "image_tiles",
    "latent_noise",
    "onnxruntime",
)


def directory() -> Path:
    """Return the folder that holds one folder with a `model.py` for each of `NAMES`.

    Raises:
        FileNotFoundError: the installation lacks them.

    >>> (directory() / "image_decode" / "model.py").is_file()
    True
    """
    here = Path(__file__).resolve().parent
    for folder in (here, here.parents[1]):
        if all((folder / name / "model.py").is_file() for name in NAMES):
            return folder
    raise FileNotFoundError(
        f"expected the folders {', '.join(NAMES)} in {here} or {here.parents[1]}, got neither; "
        "reinstall sightline-backend"
    )
