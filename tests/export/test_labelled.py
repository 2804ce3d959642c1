"""The formats that labelled pictures come in, written as their makers write them, small."""

import gzip
import io
import pickle
import re
import struct
import tarfile
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sightline_backend.pictures import open_picture
from sightline_backend.pixels import PixelSpec, decode
from sightline_export.datasets.cifar10 import RECORD
from sightline_export.datasets.labelled import labelled
from sightline_export.datasets.labelled_pictures import Half
from sightline_export.datasets.mnist_idx import FASHION
from sightline_export.datasets.sample_pictures import MOST_BYTES, pictures_of
from sightline_export.errors import SourceUnusable

CIFAR_NAMES = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n"
RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (12, 32, 32, 3), dtype=np.uint8)
GREY = cast("NDArray[np.uint8]", PICTURES[:, :28, :28, 0].copy())


def png(level: int, side: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (side, side), (level, 0, 255 - level)).save(file, "PNG")
    return file.getvalue()


def records(pictures: NDArray[np.uint8], labels: list[int]) -> bytes:
    return b"".join(
        bytes([label]) + picture.transpose(2, 0, 1).tobytes() for picture, label in zip(pictures, labels, strict=True)
    )


def cifar10_files() -> dict[str, bytes]:
    return {
        "batches.meta.txt": CIFAR_NAMES.encode(),
        "data_batch_1.bin": records(PICTURES[:5], [6, 9, 9, 4, 1]),
        "data_batch_2.bin": records(PICTURES[5:10], [0, 2, 3, 5, 7]),
        "test_batch.bin": records(PICTURES[10:], [8, 3]),
    }


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def idx(array: NDArray[np.uint8]) -> bytes:
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def mnist_files(suffix: str = "") -> dict[str, bytes]:
    pack = gzip.compress if suffix else bytes
    files = {
        "train-images-idx3-ubyte": idx(GREY[:8]),
        "train-labels-idx1-ubyte": idx(np.arange(8, dtype=np.uint8)),
        "t10k-images-idx3-ubyte": idx(GREY[8:]),
        "t10k-labels-idx1-ubyte": idx(np.array([9, 8, 1, 0], np.uint8)),
    }
    return {f"{name}{suffix}": pack(content) for name, content in files.items()}


@pytest.mark.parametrize("folder", ["", "cifar-10-batches-bin/"])
def test_cifar10_is_read_from_its_files(folder: str, tmp_path: Path) -> None:
    data = labelled(write(tmp_path, {f"{folder}{name}": content for name, content in cifar10_files().items()}))
    assert data.labels[6] == "frog"
    assert data.train.labels.tolist() == [6, 9, 9, 4, 1, 0, 2, 3, 5, 7]
    assert data.held_out.labels.tolist() == [8, 3]
    assert np.array_equal(data.train.render(PixelSpec(32, 32)), PICTURES[:10])
    assert data.mirrored


def test_cifar10_is_read_from_its_archive_without_unpacking_it(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "cifar-10-binary.tar.gz", "w:gz") as archive:
        for name, content in cifar10_files().items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    data = labelled(tmp_path)
    assert np.array_equal(data.held_out.render(PixelSpec(32, 32)), PICTURES[10:])
    assert [file.name for file in tmp_path.iterdir()] == ["cifar-10-binary.tar.gz"]


@pytest.mark.parametrize("name", ["cifar-10-python.tar.gz", "cifar-10-batches-py/data_batch_1", "data_batch_1"])
def test_the_pickled_cifar10_is_never_opened(name: str, tmp_path: Path) -> None:
    write(tmp_path, {name: pickle.dumps(print)})
    with pytest.raises(SourceUnusable, match=r"expected the binary version .* pickled, .*; fetch https://.*binary"):
        labelled(tmp_path)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_mnist_is_read_gzipped_or_not(suffix: str, tmp_path: Path) -> None:
    data = labelled(write(tmp_path, mnist_files(suffix)))
    assert data.labels == tuple("0123456789")
    assert data.held_out.labels.tolist() == [9, 8, 1, 0]
    grey = data.train.render(PixelSpec(28, 28, mode="gray"))
    assert np.array_equal(grey[..., 0], GREY[:8])
    assert not data.mirrored  # a mirrored 2 is no 2


def test_fashion_mnist_is_known_by_its_folder_and_other_names_by_their_file(tmp_path: Path) -> None:
    fashion = labelled(write(tmp_path / "FashionMNIST" / "raw", mnist_files()))
    assert (fashion.labels, fashion.mirrored) == (FASHION, True)
    kana = write(
        tmp_path / "kana", mnist_files() | {"labels.txt": "o ki su tsu na ha ma ya re wo".replace(" ", "\n").encode()}
    )
    assert labelled(kana).labels[1] == "ki"


def test_a_folder_per_class_is_split_by_class_and_always_alike(tmp_path: Path) -> None:
    files = {f"{name}/{n}.png": png(10 * n + k) for k, name in enumerate(("dog", "cat")) for n in range(10)}
    data = labelled(write(tmp_path, files))
    assert data.labels == ("cat", "dog")
    assert (np.bincount(data.train.labels) + np.bincount(data.held_out.labels)).tolist() == [10, 10]
    assert np.bincount(data.held_out.labels).min() >= 1
    assert not set(data.train.pictures) & set(data.held_out.pictures)
    assert list(labelled(tmp_path).held_out.pictures) == list(data.held_out.pictures)


def test_a_fifth_is_held_out_of_many_pictures(tmp_path: Path) -> None:
    noise = RNG.integers(0, 256, (400, 64), np.uint8)
    files = {f"{'ab'[n % 2]}/{n}.png": png(0) + noise[n].tobytes() for n in range(400)}
    data = labelled(write(tmp_path, files))
    assert len(data.held_out) == pytest.approx(80, abs=25)


def test_no_picture_changes_sides_when_others_come_and_go_or_are_renamed(tmp_path: Path) -> None:
    files = {f"{name}/{n}.png": png(n + 100 * k) for k, name in enumerate(("cat", "dog")) for n in range(40)}
    before = labelled(write(tmp_path / "pets", files))
    sides = [
        {file.read_bytes() for file in half.pictures if isinstance(file, Path)}
        for half in (before.train, before.held_out)
    ]
    write(tmp_path / "pets", {f"{name}/-{n}.png": png(n, 9) for name in ("ant", "cat") for n in range(7)})
    for n in range(5, 40):
        (tmp_path / "pets" / "dog" / f"{n}.png").rename(tmp_path / "pets" / "dog" / f"z{40 - n}.png")
    (tmp_path / "pets" / "cat" / "3.png").unlink()
    after = labelled(tmp_path / "pets")
    for half, others in ((after.train, sides[1]), (after.held_out, sides[0])):
        assert not {half.file(index).content for index in range(len(half))} & others


def test_every_class_is_on_both_sides_however_few_pictures_it_has(tmp_path: Path) -> None:
    files = {f"{k}/{n}.png": png(2 * k + n) for k in range(100) for n in range(2)}
    data = labelled(write(tmp_path, files))
    for half in (data.train, data.held_out):
        assert np.bincount(half.labels, minlength=100).tolist() == [1] * 100


def test_other_pictures_or_other_classes_have_another_fingerprint(tmp_path: Path) -> None:
    folder = write(tmp_path / "data", {"train/a/1.png": png(1), "train/b/1.png": png(2), "val/a/1.png": png(3)})
    seen = {labelled(folder).train.fingerprint}
    assert labelled(folder).train.fingerprint in seen
    for change in (
        lambda: (folder / "train" / "a" / "1.png").write_bytes(png(7)),  # as many bytes, another time
        lambda: write(folder, {"train/a/2.png": png(9)}),
        lambda: (folder / "train" / "b").rename(folder / "train" / "c"),
    ):
        change()
        seen.add(labelled(folder).train.fingerprint)
    assert len(seen) == 4
    decoded = [Half(GREY[:4], np.arange(4)), Half(GREY[:4], np.arange(4)[::-1]), Half(GREY[1:5], np.arange(4))]
    assert len({half.fingerprint for half in decoded}) == 3


def test_a_copy_of_a_training_picture_is_never_held_out(tmp_path: Path) -> None:
    copies = {f"cat/{n}.png": png(n // 4) for n in range(40)}
    data = labelled(write(tmp_path, copies | {f"dog/{n}.png": png(100 + n) for n in range(4)}))
    contents = [{half.file(index).content for index in range(len(half))} for half in (data.train, data.held_out)]
    assert not contents[0] & contents[1]
    assert len(data.train) + len(data.held_out) == 44


@pytest.mark.parametrize("name", ["val", "test"])
def test_halves_that_are_there_are_taken_as_they_are(name: str, tmp_path: Path) -> None:
    data = labelled(write(tmp_path, {"train/a/1.png": png(1), "train/b/1.png": png(2), f"{name}/b/2.png": png(3)}))
    assert (len(data.train), data.held_out.labels.tolist()) == (2, [1])


def test_decoded_pictures_are_rendered_as_a_server_renders_their_files(tmp_path: Path) -> None:
    data = labelled(write(tmp_path, cifar10_files()))
    for spec in (PixelSpec(64, 48), PixelSpec(20, 20, mode="gray", fit="crop", resample="bicubic")):
        served = np.stack([decode(data.train.file(index).content, spec) for index in range(len(data.train))])
        assert np.array_equal(data.train.render(spec), served)


DAMAGED = [
    pytest.param({}, r"expected the binary files of CIFAR-10 .*got nothing", id="an empty folder"),
    pytest.param({"notes.txt": b"hello"}, r"one folder of pictures per class in .*got notes\.txt", id="no pictures"),
    pytest.param(
        cifar10_files() | {"data_batch_2.bin": b"\0" * (RECORD + 1)}, r"data_batch_2\.bin, got 3,074", id="cut record"
    ),
    pytest.param(
        cifar10_files() | {"test_batch.bin": b"\x0a" + b"\0" * (RECORD - 1)}, r"from 0 to 9, got 10", id="unknown class"
    ),
    pytest.param({"data_batch_1.bin": b"\0" * RECORD}, r"expected batches\.meta\.txt", id="no names"),
    pytest.param({"cifar-10-binary.tar.gz": b"no archive"}, r"expected the archive of CIFAR-10", id="no archive"),
    pytest.param(
        mnist_files() | {"train-images-idx3-ubyte": idx(GREY[:8])[:-1]},
        r"expected 8x28x28 levels",
        id="cut idx",
    ),
    pytest.param(
        mnist_files() | {"t10k-labels-idx1-ubyte": idx(np.zeros(3, np.uint8))}, r"got 3 and 4 of t10k", id="few labels"
    ),
    pytest.param(mnist_files() | {"t10k-labels-idx1-ubyte": b"<html>"}, r"1 axes in .*got 3c 68 74 6d", id="a page"),
    pytest.param(
        mnist_files(".gz") | {"train-images-idx3-ubyte.gz": b"\x1f\x8bxx"}, r"expected a gzip file", id="no gzip"
    ),
    pytest.param({"train-images-idx3-ubyte": b""}, r"expected train-labels-idx1-ubyte", id="a file alone"),
    pytest.param({"cat/1.png": png(1), "cat/2.png": png(2)}, r"two classes or more in .*got cat", id="one class"),
    pytest.param({"cat/1.png": png(1), "dog/1.png": png(2)}, r"got 1 of cat; add some", id="one picture"),
    pytest.param({"cat/1.png": png(1), "dog/a.txt": b""}, r"in every folder of .*got none in dog", id="an empty class"),
    pytest.param(
        {"cat/1.png": png(1), "dog/1.png": b"%PDF-1.7"}, r"dog/1\.png, got a PDF file; convert it", id="no picture"
    ),
    pytest.param(
        {"train/a/1.png": png(1), "train/b/1.png": png(2), "val/c/1.png": png(3)}, r"got c besides", id="a new class"
    ),
]


@pytest.mark.parametrize(("files", "message"), DAMAGED)
def test_what_cannot_be_read_is_refused_in_one_line_with_advice(
    files: dict[str, bytes], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceUnusable, match=message) as refused:
        labelled(write(tmp_path, files))
    assert "\n" not in str(refused.value)
    assert "; " in str(refused.value)


def test_a_damaged_picture_is_named_when_it_is_rendered(tmp_path: Path) -> None:
    files = {
        f"{name}/{n}.png": png(n + 10 * k)[: 40 if n == 1 else None] for k, name in enumerate("ab") for n in (0, 1)
    }
    data = labelled(write(tmp_path, files))
    with pytest.raises(SourceUnusable, match=r"/[ab]/1\.png: expected "):
        [half.render(PixelSpec(8, 8)) for half in (data.train, data.held_out)]


def test_pictures_that_are_kept_with_a_version_are_small_and_have_plain_names(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (1500, 1200, 3), dtype=np.uint8)
    photograph = io.BytesIO()
    Image.fromarray(noise).save(photograph, "JPEG", quality=95)
    assert len(photograph.getvalue()) > MOST_BYTES
    files = {f"a b/größe #{n}.PNG": png(n) for n in range(5)} | {f"c/{n}.jpg": photograph.getvalue() for n in range(1)}
    data = labelled(write(tmp_path, files | {"c/2.jpg": photograph.getvalue() + b"\0"}))
    kept = pictures_of(data.held_out)(4)
    assert [re.fullmatch(r"\d-[A-Za-z0-9-]+\.(png|jpg)", file.name) is not None for file in kept[:2]] == [True, True]
    assert [len(file.content) < 1_000_000 for file in kept] == [True] * 4  # the last two are photographs of ours
    assert max(open_picture(kept[1].content).size) == 1024
