"""Objects in pictures in the format of COCO: JSON files of instances, and folders of pictures.

Two layouts are read: `annotations/instances_<split>.json` with the pictures in `<split>/` or `images/<split>/`, as COCO
is distributed, and one `.json` in the folder with the pictures beside it or in `images/`. Splits whose name begins with
`val` or `test` are held out; where there is none, about a fifth of the pictures is (see
:mod:`sightline_export.datasets.lots`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sightline_export.datasets import lots
from sightline_export.datasets.coco_annotations import CocoPictures, read_annotations
from sightline_export.datasets.labelled_pictures import read
from sightline_export.errors import SourceUnusable

_LAYOUTS = "annotations/instances_<split>.json with folders of pictures, or one .json beside its pictures"


@dataclass(frozen=True, eq=False)
class Coco:
    """A data set of object detection. labels: names of the classes, in the order of their numbers in the file."""

    train: CocoPictures
    held_out: CocoPictures
    labels: tuple[str, ...]


def is_coco(folder: Path) -> bool:
    """Whether :func:`load_coco` would find annotations in `folder`."""
    return bool(_annotations(folder))


def load_coco(folder: Path) -> Coco:
    """Read the data set in `folder`.

    Raises:
        SourceUnusable: no annotations, a file that is not in COCO's format, or pictures that are missing.

    >>> load_coco(Path("coco")).labels[:3]
    ('person', 'bicycle', 'car')
    """
    found = _annotations(folder)
    if not found:
        raise SourceUnusable(
            f"expected {_LAYOUTS} in {folder}, got neither, or several; name the folder that holds the data set"
        )
    sides = {split: read_annotations(path, _pictures(folder, split)) for split, path in found.items()}
    labels = next(iter(sides.values()))[1]
    for split, (_, own) in sides.items():
        if own != labels:
            raise SourceUnusable(f"expected the same categories in every split, got others in {found[split]}")
    held_out = [split for split in sides if split.startswith(("val", "test"))]
    if len(held_out) == len(sides) or not held_out:
        data = Coco(*_split(_joined([pictures for pictures, _ in sides.values()])), labels)
    else:
        train = [pictures for split, (pictures, _) in sides.items() if split not in held_out]
        data = Coco(_joined(train), _joined([sides[split][0] for split in held_out]), labels)
    if not (data.train.objects and data.held_out.objects):
        raise SourceUnusable(
            f"expected objects to train on and others to hold out in {folder}, got {data.train.objects} in "
            f"{len(data.train)} pictures and {data.held_out.objects} in {len(data.held_out)}; add pictures"
        )
    return data


def _annotations(folder: Path) -> dict[str, Path]:
    """The files of annotations by the name of their split; of a single file without one the name is empty."""
    official = sorted((folder / "annotations").glob("instances_*.json"))
    if official:
        return {path.stem.removeprefix("instances_"): path for path in official}
    beside = sorted(folder.glob("*.json"))
    return {"": beside[0]} if len(beside) == 1 else {}


def _pictures(folder: Path, split: str) -> Path:
    candidates = [folder / split, folder / "images" / split] if split else []
    candidates += [folder / "images", folder]
    return next(candidate for candidate in candidates if candidate.is_dir())


def _joined(sides: list[CocoPictures]) -> CocoPictures:
    return CocoPictures(
        tuple(file for side in sides for file in side.files), tuple(boxes for side in sides for boxes in side.boxes)
    )


def _split(whole: CocoPictures) -> tuple[CocoPictures, CocoPictures]:
    out = lots.held_out([lots.lot(read(file)) for file in whole.files])
    train, held_out = ([n for n in range(len(whole)) if out[n] == side] for side in (False, True))
    return whole.some(train), whole.some(held_out)
